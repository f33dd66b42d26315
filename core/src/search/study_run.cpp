#include "nascent/core/study_run.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "execution/test_split.hpp"
#include "final_stage.hpp"
#include "keep_alive.hpp"
#include "nascent/core/store_location.hpp"
#include "nascent/core/version.hpp"
#include "study_record.hpp"

namespace nascent::core {
namespace {

std::string objectives_json(const StudyConfig& config) {
  auto all = nlohmann::ordered_json::array();
  for (const Objective& o : config.objectives) {
    all.push_back({{"metric", o.metric}, {"direction", o.direction == Direction::maximize ? "maximize" : "minimize"}});
  }
  return all.dump();
}

// A study goes on only in the space it began in; other code is worth a warning.
Result<void> check_same(const StudyRecord& stored, const StudyRecord& now) {
  if (stored.space_fingerprint != now.space_fingerprint) {
    return fail(ErrorKind::invalid_input,
                fmt::format("study \"{}\" was begun in another search space: the space plugin or its dataset has changed. "
                            "Bring back the earlier version, or begin a new study under another name",
                            stored.name));
  }
  for (std::size_t i = 0; i < std::min(stored.plugins.size(), now.plugins.size()); ++i) {
    if (stored.plugins[i].sha256 == now.plugins[i].sha256) continue;
    spdlog::warn("study={} component={} stored_version={} version={} reason=\"its file has changed; results may differ\"",
                 toml_key(stored.name), now.plugins[i].alias, stored.plugins[i].version, now.plugins[i].version);
  }
  return {};
}

Result<StudyId> enter(Store& store, const StudyRecord& record, StudyStart start, std::span<const QueuedConfiguration> queue) {
  if (start == StudyStart::create) return store.create_study(record, queue);
  const auto stored = store.study(record.name);
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (!*stored) return fail(ErrorKind::invalid_input, fmt::format("the store has no study \"{}\"", record.name));
  if (auto same = check_same(**stored, record); !same) return tl::unexpected<Error>(same.error());
  return (*stored)->id;
}

// Notes the data that the study began with, and refuses to go on with other data: its trials could not be compared.
Result<void> check_same_data(Store& store, const Coordinator& coordinator, const StudyConfig& config,
                             const std::optional<DatasetFacts>& facts) {
  if (!facts) return {};
  const auto events = store.events(coordinator.study);
  if (!events) return tl::unexpected<Error>(events.error());
  const auto noted = std::ranges::find(*events, "dataset", &EventRecord::kind);
  if (noted == events->end()) {
    return store.add_event(coordinator.study, "dataset", nlohmann::json{{"fingerprint", facts->fingerprint}}.dump());
  }
  const auto data = nlohmann::json::parse(noted->data_json, nullptr, /*allow_exceptions=*/false);
  if (!data.is_object() || data.value("fingerprint", "") == facts->fingerprint) return {};
  return fail(ErrorKind::invalid_input,
              fmt::format("the data of study \"{}\" have changed since it began, and results on other data cannot be compared "
                          "with those it has: restore the data, or run a new study (--set study.name=...)",
                          config.name));
}

using Setting = std::pair<std::string, std::string>;  // "stop.trials", "8"
using Settings = std::vector<Setting>;

// Tables, and lists of tables, are looked into.
void add_settings(const nlohmann::ordered_json& value, const std::string& key, Settings& all) {
  const bool is_list_of_tables = value.is_array() && !value.empty() && value[0].is_object();
  if (value.is_object() || is_list_of_tables) {
    for (const auto& [name, member] : value.items()) add_settings(member, key.empty() ? name : key + "." + name, all);
  } else {
    all.emplace_back(key, value.dump());
  }
}

Settings settings_of(const StudyConfig& study) {
  Settings all;
  add_settings(nlohmann::ordered_json::parse(resolved_json(study)), "", all);
  return all;
}

// A resumed study may end later than it was to, and run otherwise: from now on these are its settings.
Result<void> keep_settings(Store& store, const Coordinator& coordinator, const StudyConfig& now) {
  const auto record = store.study(now.name);
  if (!record) return tl::unexpected<Error>(record.error());
  const auto before = parse_study((*record)->resolved_config, now.name, folder_of(now.store));
  if (!before) return tl::unexpected<Error>(before.error());
  StudyConfig after = *before;
  after.stop = now.stop;
  after.workers = now.workers;
  after.plugins = now.plugins;
  auto changes = nlohmann::ordered_json::object();
  for (const SettingDifference& d : setting_differences(*before, after)) changes[d.key] = {{"from", d.first}, {"to", d.second}};
  if (changes.empty()) return {};
  if (auto kept = store.set_resolved_config(coordinator, resolved_toml(after)); !kept) return kept;
  return store.add_event(coordinator.study, "settings", changes.dump());
}

std::uint64_t landed_search_trials(Store& store, StudyId study) {
  const auto tally = store.tally(study);
  if (!tally) return 0;
  std::uint64_t n = 0;
  for (const TrialState state : {TrialState::completed, TrialState::pruned, TrialState::failed, TrialState::invalid, TrialState::paused}) {
    n += tally->of(TrialRole::search, state);
  }
  return n;
}

// Everything a run is made of, in order of construction.
class Run {
 public:
  Run(const StudyRun& request, PluginCatalog& catalog) : request_(request), catalog_(catalog) {}

  Result<StudyResult> operator()() {
    auto done = prepare().and_then([&] { return open(); });
    if (!done) return tl::unexpected<Error>(done.error());
    done = execute();
    if (!done) {
      // For whoever looks at the study; where the store itself is what failed, this fails too.
      static_cast<void>(store_->set_study_state(coordinator_, StudyState::stopped, done.error().message));
      return tl::unexpected<Error>(done.error());
    }
    return std::move(result_);
  }

 private:
  Result<void> prepare();
  Result<void> open();
  Result<void> execute();
  // `role`: of the trials that workers may lease; empty: all.
  Result<std::unique_ptr<Executor>> make_executor(DecideVerdict decide, std::optional<TrialRole> role);
  Result<void> test(Executor& executor);
  [[nodiscard]] const ResolvedStudy& study() const { return prepared_->study; }

  const StudyRun& request_;
  PluginCatalog& catalog_;
  std::optional<PreparedStudy> prepared_;
  std::unique_ptr<Store> store_;
  Coordinator coordinator_;
  std::optional<search::KeepAlive> keep_alive_;
  std::filesystem::path own_files_;  // WorkerConfig::artifacts, or a folder of this machine's own where they travel through the store
  std::filesystem::path artifacts_;
  std::unique_ptr<TrialRunner> runner_;
  StudyResult result_;
};

Result<void> Run::prepare() {
  auto prepared = prepare_study(request_.study, catalog_, request_.start);
  if (!prepared) return tl::unexpected<Error>(prepared.error());
  prepared_.emplace(std::move(*prepared));
  return {};
}

Result<void> Run::open() {
  const StudyConfig& config = study().config;
  auto store = Store::open(config.store, request_.start == StudyStart::create ? OpenMode::create_or_open : OpenMode::must_exist);
  if (!store) return tl::unexpected<Error>(store.error());
  store_ = std::move(*store);
  own_files_ = files_in_store(config) ? config.directory / (config.name + ".artifacts") : config.workers.artifacts;
  artifacts_ = artifacts_folder(config.store, config.name, own_files_);
  const auto id = enter(*store_, search::record_of(study(), *prepared_->space), request_.start, prepared_->queue);
  if (!id) return tl::unexpected<Error>(id.error());
  const auto coordinator = store_->acquire_coordinator(*id);
  if (!coordinator) return tl::unexpected<Error>(coordinator.error());
  coordinator_ = *coordinator;
  keep_alive_.emplace(*store_, coordinator_);
  if (is_url(config.store) && study().trainer) {
    const auto record = store_->study(config.name);
    if (!record) return tl::unexpected<Error>(record.error());
    if (auto marked = mark_artifacts(artifacts_, **record); !marked) return marked;
  }
  if (auto same = check_same_data(*store_, coordinator_, config, prepared_->data); !same) return same;
  if (request_.start == StudyStart::resume) {
    if (auto kept = keep_settings(*store_, coordinator_, config); !kept) return kept;
  }
  return store_->set_study_state(coordinator_, StudyState::running, "");
}

Result<std::unique_ptr<Executor>> Run::make_executor(DecideVerdict decide, std::optional<TrialRole> role) {
  const StudyConfig& config = study().config;
  if (config.workers.execution == Execution::workers) {
    WorkersSetup setup;
    setup.store_location = config.store;
    setup.study_name = config.name;
    setup.config = config.workers;
    setup.config.artifacts = own_files_;
    setup.files_in_store = files_in_store(config);
    setup.threads = request_.threads;
    setup.role = role;
    return workers_executor(*store_, coordinator_, std::move(setup), std::move(decide));
  }
  if (!runner_) {
    auto runner = component_runner(catalog_, study(), artifacts_, request_.threads, config.workers.device_of(0));
    if (!runner) return tl::unexpected<Error>(runner.error());
    runner_ = std::move(*runner);
  }
  return inline_executor(*store_, coordinator_, *runner_, config.parallel, std::move(decide), config.workers.failure_rate_max);
}

Result<void> Run::execute() {
  const StopRequest never;
  const StopRequest& request = request_.stop != nullptr ? *request_.stop : never;
  const Search::Setup setup{&study().config, prepared_->space.get(), store_.get(), coordinator_, request_.observer, artifacts_};
  Search search(setup, std::move(prepared_->sampler), std::move(prepared_->scheduler));
  auto executor = make_executor(search.decide(), {});
  if (!executor) return tl::unexpected<Error>(executor.error());
  if (request_.observer != nullptr) {
    request_.observer->on_started(study().config, *prepared_->space, landed_search_trials(*store_, coordinator_.study));
  }

  auto outcome = search.run(**executor, request);
  if (!outcome) {
    (*executor)->stop(StopMode::cancel);  // running trials go back to the queue
    return tl::unexpected<Error>(outcome.error());
  }
  result_.search = std::move(*outcome);
  if (result_.search.interrupted) return store_->set_study_state(coordinator_, StudyState::stopped, "interrupted");

  if (result_.search.cut) {
    // What was cut stays queued and waits for more time; these workers are for the final trainings.
    executor = make_executor(search.decide(), TrialRole::final);
    if (!executor) return tl::unexpected<Error>(executor.error());
  }
  auto finals = search::run_final_stage(setup, **executor, request);
  if (!finals) return tl::unexpected<Error>(finals.error());
  result_.finals = std::move(finals->finals);
  result_.search.interrupted = finals->interrupted;
  if (finals->interrupted) return store_->set_study_state(coordinator_, StudyState::stopped, "interrupted");
  result_.chosen = std::move(finals->chosen);
  return test(**executor).and_then(
      [&] { return store_->set_study_state(coordinator_, StudyState::finished, result_.search.reason); });
}

Result<void> Run::test(Executor& executor) {
  if (!result_.chosen) return {};
  Trial& chosen = *result_.chosen;
  if (auto noted = store_->add_event(coordinator_.study, "model_chosen", fmt::format("{{\"trial\": {}}}", chosen.id)); !noted) {
    return noted;
  }
  if (artifacts_.empty() || !study().trainer) return {};
  std::error_code error;
  const std::filesystem::path model = model_path(artifacts_, chosen.id);
  if (files_in_store(study().config) && !std::filesystem::exists(model, error)) {
    if (auto fetched = fetch_artifacts(*store_, coordinator_.study, chosen.id, artifacts_); !fetched) return fetched;
  }
  if (!std::filesystem::exists(model, error)) return {};
  result_.model = model;
  if (!prepared_->data || !prepared_->data->has_test) return {};
  if (study().evaluators.empty()) {
    spdlog::info("study={} test=closed reason=\"no evaluator would measure anything on it\"", toml_key(study().config.name));
    return {};
  }
  const auto opened = opened_for(*store_, coordinator_.study);
  if (!opened) return tl::unexpected<Error>(opened.error());
  const auto at = std::ranges::find(*opened, chosen.id);
  if (at == opened->end() && !opened->empty() && request_.test == TestSplit::open_once) {
    result_.tested_before = opened->back();
    return {};
  }
  const auto known = test_metrics(*store_, coordinator_.study, chosen.id);
  if (!known) return tl::unexpected<Error>(known.error());
  auto metrics = executor.evaluate_test(chosen.id);
  if (!metrics) return tl::unexpected<Error>(metrics.error().within("the test split"));
  result_.test_metrics = std::move(*metrics);
  result_.test_opening = static_cast<std::size_t>(at - opened->begin()) + 1;
  if (!*known && request_.observer != nullptr) request_.observer->on_tested(chosen.id, result_.test_metrics);
  return {};
}

}  // namespace

StudyRecord search::record_of(const ResolvedStudy& study, const StudySpace& space) {
  StudyRecord record;
  record.name = study.config.name;
  record.seed = study.config.seed;
  record.parallel = study.config.parallel;
  record.objectives_json = objectives_json(study.config);
  record.resolved_config = resolved_toml(study.config);
  record.space_json = space.to_json();
  record.space_fingerprint = space.declaration().fingerprint();
  record.nascent_version = version();
  record.plugins = plugin_records(study);
  return record;
}

Result<StudyResult> run_study(const StudyRun& run, PluginCatalog& catalog) { return Run(run, catalog)(); }

Result<StudyConfig> stored_study(const StudyRecord& record, const std::string& location) {
  auto config = parse_study(record.resolved_config, fmt::format("{}:{}", location, record.name),
                            folder_of(location));
  if (config) config->store = location;
  return config;
}

std::vector<SettingDifference> setting_differences(const StudyConfig& first, const StudyConfig& second) {
  const Settings a = settings_of(first), b = settings_of(second);
  std::vector<SettingDifference> differences;
  for (const auto& [key, value] : a) {
    const auto other = std::ranges::find(b, key, &Setting::first);
    const std::string there = other == b.end() ? "" : other->second;
    if (there != value) differences.push_back({key, value, there});
  }
  for (const auto& [key, value] : b) {
    if (std::ranges::find(a, key, &Setting::first) == a.end()) differences.push_back({key, "", value});
  }
  return differences;
}

}  // namespace nascent::core
