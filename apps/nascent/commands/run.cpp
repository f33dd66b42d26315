// nascent run, nascent resume: a study from its description to the chosen model.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "catalog.hpp"
#include "command.hpp"
#include "display/output.hpp"
#include "display/run_display.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/store_location.hpp"
#include "nascent/core/study_run.hpp"
#include "open_study.hpp"
#include "stop_signals.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct OutputOptions {
  bool json = false, plain = false;
  std::string log_level = "warn";
  unsigned threads = 1;

  [[nodiscard]] RunOutput output() const { return json ? RunOutput::json : plain ? RunOutput::plain : default_output(); }
  void declare(CLI::App& command) {
    auto* as_json = command.add_flag("--json", json, "one JSON object per event");
    command.add_flag("--plain", plain, "one line per event, also on a terminal")->excludes(as_json);
    command.add_option("--threads", threads, "threads of each trial")->check(CLI::Range(1, 1024));
    command.add_option("--log", log_level, "trace, debug, info, warn or error, on standard error")
        ->check(one_of({"trace", "debug", "info", "warn", "error"}));
  }
};

struct RunOptions {
  std::string file;
  std::vector<std::string> set;
  OutputOptions output;
};

struct ResumeOptions {
  StudyArgument study;
  std::vector<std::string> set;
  bool test_again = false, standby = false;
  OutputOptions output;
};

// What there is to say of the test split besides its metrics.
std::string test_text(const core::StudyResult& result, const core::StudyConfig& config) {
  if (result.tested_before) {
    return fmt::format(
        "test   not opened: it was opened for trial {}, and a number that is chosen again after looking is too good. To measure trial {} all the "
        "same: nascent resume {} --study {} --test-again\n",
        *result.tested_before, result.chosen->id, config.store, config.name);
  }
  if (result.test_opening > 1) {
    return fmt::format("test   opened for the {}. model of this study: its number is likely too good\n", result.test_opening);
  }
  return "";
}

void print_result(const core::StudyResult& result, const core::StudyConfig& config, RunOutput output) {
  if (output == RunOutput::json) {
    nlohmann::ordered_json tests = nlohmann::ordered_json::object();
    for (const core::Metric& metric : result.test_metrics) tests[metric.name] = metric.value;
    nlohmann::ordered_json json = {{"event", "result"}, {"interrupted", result.search.interrupted}, {"test", tests}, {"model", result.model.string()}};
    if (result.test_opening > 0) json["test_opening"] = result.test_opening;
    if (result.tested_before) json["tested_before"] = *result.tested_before;
    if (result.chosen) json["trial"] = result.chosen->id;
    put(json.dump() + "\n");
    return;
  }
  if (result.search.interrupted) {
    put(fmt::format("interrupted; nothing is lost. Continue with: nascent resume {} --study {}\n", config.store, config.name));
    return;
  }
  if (const auto unfinished = result.search.counts.unfinished(); result.search.cut && unfinished > 0) {
    put(fmt::format("running trials cut by stop.wall_time: {}; with more time they go on: nascent resume {} --study {} --set stop.wall_time=...\n",
               unfinished, config.store, config.name));
  }
  if (!result.chosen) {
    put(fmt::format("no trial completed{}; see: nascent trials {} --study {}\n",
                    result.search.counts.completed > 0 ? " within the constraints" : "", config.store, config.name));
    return;
  }
  const core::Trial& chosen = *result.chosen;
  std::string line = fmt::format("result trial {}", chosen.id);
  if (chosen.parent && chosen.role == core::TrialRole::final) line += fmt::format(" (trial {} trained again)", *chosen.parent);
  for (const core::Objective& objective : config.objectives) line += fmt::format("  {}={}", objective.metric, number_text(metric_of(chosen, objective.metric)));
  for (const core::Metric& metric : result.test_metrics) line += fmt::format("  {}={}", metric.name, number_text(metric.value));
  put(line + "\n");
  put(test_text(result, config));
  if (config.objectives.size() > 1) {
    put(fmt::format("front  nascent show {} --study {}\n", config.store, config.name));
  }
  if (!result.model.empty()) put(fmt::format("model  {}\n", result.model.string()));
}

Outcome execute(core::StudyRun study, core::PluginCatalog& catalog, const OutputOptions& output) {
  study.stop = &listen_for_signals();
  study.threads = output.threads;
  const auto display = run_display(output.output());
  study.observer = display.get();
  const auto result = core::run_study(study, catalog);
  if (!result) return tl::unexpected(result.error());
  print_result(*result, study.study.config, output.output());
  if (result->search.interrupted) return ExitCode::interrupted;
  return result->chosen ? ExitCode::done : ExitCode::found_wanting;
}

Outcome run(const RunOptions& options) {
  spdlog::set_level(spdlog::level::from_str(options.output.log_level));
  auto draft = core::load_draft(options.file, options.set);
  if (!draft) return tl::unexpected(draft.error());
  auto catalog = discover_plugins(*draft);
  if (!catalog) return tl::unexpected(catalog.error());
  return execute({.study = std::move(*draft)}, *catalog, options.output);
}

bool may_change(std::string_view key) {
  return key.starts_with("stop.") || key.starts_with("workers.") || key.starts_with("plugins.");
}

// A resumed study is the stored one. A file that says otherwise is told so in one line.
void tell_differences(const std::string& file, const core::StudyConfig& given, core::StudyConfig stored, const core::PluginCatalog& catalog) {
  constexpr std::size_t shown_max = 5;
  const auto now = core::resolve_study(given, catalog);
  if (!now) {
    fmt::print(stderr, "nascent: {} is not what the stored study {} was made of, which goes on as it is: {}\n", file, stored.name, now.error().message);
    return;
  }
  stored.store = now->config.store;
  const auto differences = core::setting_differences(stored, now->config);
  if (differences.empty()) return;
  const auto text = [](const std::string& value) { return value.empty() ? std::string("nothing") : value; };
  std::string list, ways_out;
  for (std::size_t i = 0; i < std::min(differences.size(), shown_max); ++i) {
    list += fmt::format("{}{} ({}, stored {})", i == 0 ? "" : ", ", differences[i].key, text(differences[i].second), text(differences[i].first));
  }
  if (differences.size() > shown_max) list += fmt::format(" and {} more", differences.size() - shown_max);
  const bool other = std::ranges::any_of(differences, [](const auto& d) { return !may_change(d.key); });
  const auto own = std::ranges::find_if(differences, [](const auto& d) { return may_change(d.key) && !d.second.empty(); });
  if (own != differences.end()) ways_out = fmt::format("; to change it: --set {}={}", own->key, own->second);
  if (other) ways_out += fmt::format("; for another study: nascent run {} --set study.name=NEW", file);
  fmt::print(stderr, "nascent: {} differs from the stored study {}: {}. What is stored holds{}\n", file, stored.name, list, ways_out);
}

// What a resumed study may change: when it ends, and how its trials are run. Everything else is what it is.
Outcome go_on(const ResumeOptions& options) {
  spdlog::set_level(spdlog::level::from_str(options.output.log_level));
  for (const std::string& entry : options.set) {
    if (may_change(entry)) continue;
    return core::fail(core::ErrorKind::invalid_input,
                      fmt::format("--set {}: a stored study keeps its settings; only stop.*, workers.* and plugins.* can change. Start a new "
                                  "study for anything else: nascent run FILE --set study.name=NEW --set {}", entry, entry));
  }
  auto study = open_study(options.study, core::OpenMode::must_exist);  // a server that is restarting is waited for
  if (!study) return tl::unexpected(study.error());
  auto draft = core::parse_draft(study->record.resolved_config, study->location, core::folder_of(study->location), options.set);
  if (!draft) return tl::unexpected(draft.error());
  draft->config.store = study->location;
  study->store.reset();
  auto catalog = discover_plugins(*draft);
  if (!catalog) return tl::unexpected(catalog.error());
  if (is_study_file(options.study.where)) {
    auto given = core::load_study(options.study.where, options.set);
    if (!given) return tl::unexpected(given.error());
    if (given->name == draft->config.name) tell_differences(options.study.where, *given, draft->config, *catalog);
  }
  return execute({.study = std::move(*draft),
                  .start = core::StudyStart::resume,
                  .test = options.test_again ? core::TestSplit::open_again : core::TestSplit::open_once},
                 *catalog, options.output);
}

core::Result<std::optional<core::CoordinatorRecord>> holder_of(const StudyArgument& argument) {
  auto study = open_study(argument);
  if (!study) return tl::unexpected(study.error());
  return study->store->coordinator(study->record.id);
}

// Until nobody runs the study. False when a signal ended the wait.
core::Result<bool> wait_for_turn(const StudyArgument& argument, const core::StopRequest& stop) {
  constexpr auto look = std::chrono::milliseconds(500);
  auto study = open_study(argument, core::OpenMode::must_exist);
  if (!study) return tl::unexpected(study.error());
  for (bool told = false; !stop.made(); std::this_thread::sleep_for(look)) {
    const auto holder = study->store->coordinator(study->record.id);
    if (!holder) return tl::unexpected(holder.error());
    if (!*holder) return true;
    if (std::exchange(told, true)) continue;
    put(fmt::format("standby study={} process={} host={}\n", study->record.name, (*holder)->pid, (*holder)->host));
  }
  return false;
}

Outcome resume(const ResumeOptions& options) {
  while (options.standby) {
    const auto is_free = wait_for_turn(options.study, listen_for_signals());
    if (!is_free) return tl::unexpected(is_free.error());
    if (!*is_free) return ExitCode::interrupted;
    Outcome outcome = go_on(options);
    if (outcome) return outcome;
    // Several may wait: another one was faster.
    const auto holder = holder_of(options.study);
    if (!holder || !*holder) return outcome;
  }
  return go_on(options);
}

}  // namespace

void add_run(Commands& commands) {
  commands.add<RunOptions>(
      nullptr, "run", "Run the study that a TOML file describes",
      [](CLI::App& command, RunOptions& o) {
        command.add_option("file", o.file, "TOML file of the study")->required();
        command.add_option("--set", o.set, "override a value: sampler.population=20")->type_name("KEY=VALUE");
        o.output.declare(command);
      },
      run);
  commands.add<ResumeOptions>(
      nullptr, "resume", "Continue a stored study, after an interruption or with more to do",
      [](CLI::App& command, ResumeOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--set", o.set, "change when it ends or how it runs, from now on: stop.trials=200")->type_name("KEY=VALUE");
        command.add_flag("--standby", o.standby, "wait until the process that runs the study now is gone, then go on with it");
        command.add_flag("--test-again", o.test_again, "open the test split also for another model than the first one it was opened for");
        o.output.declare(command);
      },
      resume);
}

}  // namespace nascent::cli
