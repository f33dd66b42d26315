#include "nascent/core/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hand_executor.hpp"
#include "keep_alive.hpp"
#include "nascent/core/version.hpp"
#include "proposals.hpp"

namespace nascent::core {
namespace {

StudyConfig study_config(const StudyOptions& options) {
  StudyConfig config;
  config.name = options.name;
  config.seed = options.seed;
  config.parallel = std::max(options.parallel, 1U);
  config.duplicates = options.duplicates;
  config.store = options.store;
  config.objectives = options.objectives;
  config.constraints = options.constraints;
  config.acceptance.rule = options.objectives.size() > 1 ? AcceptanceRule::pareto : AcceptanceRule::best;
  config.stop.trials = options.trials;
  config.workers.execution = Execution::in_process;
  config.space.path = "space";
  config.sampler.path = "sampler";
  config.sampler.type = options.sampler;
  config.sampler.where = config.sampler.type_where = {options.name, 0, 0};
  return config;
}

// The options as if a file gave them, so that the same rules hold.
ConfigValue::Table as_table(const std::vector<std::pair<std::string, OptionValue>>& options) {
  ConfigValue::Table table;
  for (const auto& [name, value] : options) {
    ConfigMember& member = table.emplace_back();
    member.key = name;
    if (const auto* v = std::get_if<bool>(&value)) member.value.data = *v;
    if (const auto* v = std::get_if<std::int64_t>(&value)) member.value.data = *v;
    if (const auto* v = std::get_if<double>(&value)) member.value.data = *v;
    if (const auto* v = std::get_if<std::string>(&value)) member.value.data = *v;
    const auto list = [&](const auto& numbers) {
      ConfigValue::Array array;
      for (const auto number : numbers) array.push_back({number, {}});
      member.value.data = std::move(array);
    };
    if (const auto* v = std::get_if<std::vector<std::int64_t>>(&value)) list(*v);
    if (const auto* v = std::get_if<std::vector<double>>(&value)) list(*v);
  }
  return table;
}

Result<const nas_component*> find_sampler(const StudyOptions& options) {
  if (options.sampler_class != nullptr) return options.sampler_class;
  auto catalog = PluginCatalog::discover({options.plugin_path, {}, {}});
  if (!catalog) return tl::unexpected<Error>(catalog.error());
  return catalog->load(NAS_KIND_SAMPLER, options.sampler);
}

Result<Instance<nas_sampler_vt>> create_sampler(const StudyOptions& options, StudyConfig& config, const StudySpace& space) {
  const auto component = find_sampler(options);
  if (!component) return tl::unexpected<Error>(component.error());
  config.sampler.options = as_table(options.sampler_options);
  Diagnostics diagnostics;
  const ResolvedComponent resolved = resolve_component(config.sampler, **component, diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.error());
  const nas_config given = resolved.options.view();
  const nas_sampler_arg arg = search::sampler_arg(config, space);
  auto sampler = Instance<nas_sampler_vt>::create(**component, given, &arg);
  if (!sampler) return tl::unexpected<Error>(sampler.error());
  return std::move(*sampler);
}

Result<StudyId> enter(Store& store, const StudyConfig& config, const StudySpace& space) {
  const auto known = store.study(config.name);
  if (!known) return tl::unexpected<Error>(known.error());
  const std::string& fingerprint = space.declaration().fingerprint();
  if (*known && (*known)->space_fingerprint != fingerprint) {
    return fail(ErrorKind::invalid_input, fmt::format("{}: study \"{}\" was begun in another search space; give this one "
                                                      "another name",
                                                      config.store, config.name));
  }
  if (*known) return (*known)->id;
  StudyRecord record;
  record.name = config.name;
  record.seed = config.seed;
  record.parallel = config.parallel;
  record.space_json = space.to_json();
  record.space_fingerprint = fingerprint;
  record.nascent_version = version();
  return store.create_study(record);
}

}  // namespace

struct Study::State {
  State(StudyConfig study, nascent::SpaceDeclaration declaration)
      : config(std::move(study)), space(std::move(declaration)) {}

  StudyConfig config;
  StudySpace space;
  std::unique_ptr<Store> store;
  Coordinator coordinator;
  std::optional<search::KeepAlive> keep_alive;
  std::optional<Search> search;
  std::optional<search::HandExecutor> executor;
  bool over = false;
};

Study::Study(std::unique_ptr<State> state) : state_(std::move(state)) {}
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;
Study::~Study() = default;

Result<Study> Study::open(nascent::SpaceDeclaration space, StudyOptions options) {
  if (options.objectives.empty()) return fail(ErrorKind::invalid_input, "a study needs at least one objective");
  auto state = std::make_unique<State>(study_config(options), std::move(space));
  auto sampler = create_sampler(options, state->config, state->space);
  if (!sampler) return tl::unexpected<Error>(sampler.error());
  auto store = Store::open(options.store);
  if (!store) return tl::unexpected<Error>(store.error());
  state->store = std::move(*store);
  const auto id = enter(*state->store, state->config, state->space);
  if (!id) return tl::unexpected<Error>(id.error());
  const auto coordinator = state->store->acquire_coordinator(*id);
  if (!coordinator) return tl::unexpected<Error>(coordinator.error());
  state->coordinator = *coordinator;
  state->keep_alive.emplace(*state->store, *coordinator);
  state->search.emplace(Search::Setup{&state->config, &state->space, state->store.get(), *coordinator, nullptr},
                        std::move(*sampler));
  state->executor.emplace(*state->store, *coordinator);
  return Study(std::move(state));
}

Result<std::optional<Trial>> Study::ask() {
  search::HandExecutor& executor = *state_->executor;
  // One turn of the loop takes what was told, the next one asks.
  for (int turn = 0; !state_->over; ++turn) {
    if (auto trial = executor.ask()) return trial;
    if (turn >= 2 && executor.open() > 0) {
      return fail(ErrorKind::invalid_input, fmt::format("{} trials are open and parallel is {}; tell one of them first",
                                                        executor.open(), state_->config.parallel));
    }
    const auto goes_on = state_->search->step(executor, std::chrono::milliseconds(0));
    if (!goes_on) return tl::unexpected<Error>(goes_on.error());
    state_->over = !*goes_on;
  }
  return std::nullopt;
}

Result<void> Study::tell(TrialId trial, double value) {
  return tell(trial, std::vector<Metric>{{state_->config.objectives.front().metric, value}});
}

Result<void> Study::tell(TrialId trial, std::vector<Metric> metrics) {
  const auto bad = std::ranges::find_if(metrics, [](const Metric& m) { return !std::isfinite(m.value); });
  if (bad != metrics.end()) {
    return state_->executor->tell(trial, TrialState::failed, FailureReason::diverged, fmt::format("{} is {}", bad->name, bad->value), {});
  }
  return state_->executor->tell(trial, TrialState::completed, FailureReason::none, {}, std::move(metrics));
}

Result<void> Study::tell_failed(TrialId trial, std::string message) {
  return state_->executor->tell(trial, TrialState::failed, FailureReason::error, std::move(message), {});
}

nascent::Values Study::values(const Trial& trial) const {
  return {nascent::SpaceView(state_->space.view()), {trial.configuration.x, trial.configuration.active}};
}

SearchOutcome Study::outcome() const { return state_->search->outcome(); }

Result<Trial> Study::optimize(const Function& function) {
  while (true) {
    const auto trial = ask();
    if (!trial) return tl::unexpected<Error>(trial.error());
    if (!*trial) break;
    Result<void> told;
    try {
      told = tell((*trial)->id, function(values(**trial)));
    } catch (const std::exception& e) {
      told = tell_failed((*trial)->id, e.what());
    }
    if (!told) return tl::unexpected<Error>(told.error());
  }
  auto best = outcome().incumbent;
  if (!best) return fail(ErrorKind::invalid_input, "no trial completed within the constraints");
  return std::move(*best);
}

}  // namespace nascent::core
