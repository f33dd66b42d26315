#include "nascent/core/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "curves.hpp"
#include "measured_store.hpp"
#include "nascent/core/prepared_study.hpp"
#include "search/proposals.hpp"
#include "search/study_record.hpp"
#include "search/verdicts.hpp"
#include "simulated_executor.hpp"
#include "temporary_folder.hpp"

namespace nascent::core {
namespace {

using simulation::CurveNeeds;
using simulation::Curves;

constexpr std::uint64_t kPoints = 10;  // reports of a training in steps or seconds
constexpr int kDoublings = 4;          // of the data in a training by growing parts of it, as trainer `torch` does it
constexpr std::size_t kStretches = 10;

Result<void> check_setup(const SimulationSetup& setup) {
  const TrialCosts& c = setup.costs;
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  if (setup.workers == 0) return fail(ErrorKind::invalid_input, "a simulation needs at least 1 worker");
  if (!(c.seconds > 0) || !std::isfinite(c.seconds)) return fail(ErrorKind::invalid_input, fmt::format("a trial takes {:g} s; it has to be a number above 0", c.seconds));
  if (!(c.spread >= 0 && c.spread <= 3)) return fail(ErrorKind::invalid_input, fmt::format("the spread of durations is {:g}; it has to be from 0 to 3", c.spread));
  if (!share(c.failures) || !share(c.stragglers)) return fail(ErrorKind::invalid_input, "failures and stragglers are shares of the attempts, from 0 to 1");
  if (!(c.straggler_factor >= 1)) return fail(ErrorKind::invalid_input, fmt::format("stragglers take {:g} times as long; it has to be 1 or more", c.straggler_factor));
  if (!setup.curves.table.empty() && !setup.curves.store.empty()) return fail(ErrorKind::invalid_input, "curves come from a table or from a study, not from both");
  return {};
}

CurveNeeds needs_of(const PreparedStudy& prepared) {
  CurveNeeds needs{&prepared.study.config, prepared.space.get(), {}};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(needs.metrics, name) == needs.metrics.end()) needs.metrics.push_back(name);
  };
  for (const Objective& objective : needs.config->objectives) add(objective.metric);
  for (const Constraint& constraint : needs.config->constraints) add(constraint.metric);
  for (const std::string& name : search::wanted_metrics(prepared.sampler)) add(name);
  return needs;
}

// Does a trial report while it trains? One that is only evaluated has nothing to report.
bool reports(const PreparedStudy& prepared) { return prepared.study.trainer || prepared.scheduler; }

// Where a training reports that nobody has recorded: after every epoch, after every part of the data, or evenly.
std::vector<double> report_budgets(const Budget& full) {
  std::vector<double> budgets;
  if (full.unit == BudgetUnit::fraction) {
    for (int halvings = kDoublings; halvings >= 0; --halvings) budgets.push_back(std::ldexp(full.amount, -halvings));
    return budgets;
  }
  const std::uint64_t n = full.unit == BudgetUnit::epochs ? static_cast<std::uint64_t>(full.amount) : kPoints;
  for (std::uint64_t i = 1; i <= n; ++i) budgets.push_back(full.amount * static_cast<double>(i) / static_cast<double>(n));
  return budgets;
}

Result<std::unique_ptr<Curves>> curves_of(const CurveSource& source, const CurveNeeds& needs, const PreparedStudy& prepared) {
  if (!source.table.empty()) return simulation::curves_of_table(needs, source.table);
  if (!source.store.empty()) {
    return simulation::curves_of_study(needs, source.store, source.study.empty() ? needs.config->name : source.study);
  }
  return simulation::built_in_curves(needs, reports(prepared) ? report_budgets(needs.config->budget) : std::vector{needs.config->budget.amount});
}

double training_within(const std::vector<std::pair<double, double>>& trainings, double from, double to) {
  double sum = 0;
  for (const auto& [begin, end] : trainings) sum += std::max(0.0, std::min(end, to) - std::max(begin, from));
  return sum;
}

void add_doings(SimulationReport& report, const simulation::Doings& doings) {
  report.attempts = doings.attempts;
  report.lost_attempts = doings.lost_attempts;
  report.straggling_attempts = doings.straggling_attempts;
  report.timed_out = doings.timed_out;
  report.lost_seconds = doings.lost_seconds;
  report.fed_seconds = doings.last_start;
  for (const auto& [begin, end] : doings.trainings) report.training_seconds += end - begin;
  report.fed_training_seconds = training_within(doings.trainings, 0, report.fed_seconds);
  report.coordinator_seconds = doings.coordinator_seconds;
  report.virtual_coordinator_seconds = doings.virtual_coordinator_seconds;
  report.best = doings.best;
  const double width = report.seconds / kStretches;
  for (std::size_t s = 0; s < kStretches && width > 0; ++s) {
    const double from = width * static_cast<double>(s), to = s + 1 == kStretches ? report.seconds : from + width;
    const auto landed = std::ranges::upper_bound(doings.landings, to) - doings.landings.begin();
    report.stretches.push_back({to, static_cast<std::uint64_t>(landed),
                                training_within(doings.trainings, from, to) / ((to - from) * report.workers)});
  }
}

}  // namespace

double SimulationReport::utilisation() const { return seconds > 0 ? training_seconds / (seconds * workers) : 0; }

double SimulationReport::fed_utilisation() const {
  return fed_seconds > 0 ? fed_training_seconds / (fed_seconds * workers) : utilisation();
}

double SimulationReport::coordinator_share() const { return seconds > 0 ? virtual_coordinator_seconds / seconds : 0; }

double SimulationReport::store_seconds() const {
  double sum = 0;
  for (const StoreCall& call : store_calls) sum += call.seconds;
  return sum;
}

std::uint64_t SimulationReport::n_store_calls() const {
  std::uint64_t sum = 0;
  for (const StoreCall& call : store_calls) sum += call.calls;
  return sum;
}

std::optional<double> SimulationReport::workers_at_saturation() const {
  // What the virtual clock was charged; where it was charged nothing, what it would have been.
  const double busy = virtual_coordinator_seconds > 0 ? virtual_coordinator_seconds : coordinator_seconds;
  if (!(busy > 0) || search.counts.landed() == 0) return std::nullopt;
  return training_seconds / busy;
}

Result<SimulationReport> simulate(SimulationSetup setup, PluginCatalog& catalog) {
  if (auto checked = check_setup(setup); !checked) return tl::unexpected<Error>(checked.error());
  StudyConfig& draft = setup.study.config;
  draft.parallel = setup.parallel.value_or(std::max(draft.parallel, setup.workers));
  std::optional<TemporaryFolder> folder;
  if (setup.store.empty()) {
    auto created = TemporaryFolder::create("simulation");
    if (!created) return tl::unexpected<Error>(created.error());
    folder.emplace(std::move(*created));
    setup.store = (folder->path() / "simulation.db").string();
  }
  draft.store = setup.store;

  auto prepared = prepare_study(std::move(setup.study), catalog);
  if (!prepared) return tl::unexpected<Error>(prepared.error());
  const StudyConfig& config = prepared->study.config;
  if (prepared->scheduler && search::keeps_population(*prepared->scheduler)) {
    return fail(ErrorKind::invalid_input,
                fmt::format("scheduler {} lets trials go on from the weights of others, and no curve that was recorded or made up says how that "
                            "ends; simulate the study with another scheduler",
                            toml_text(config.scheduler->type)));
  }
  const CurveNeeds needs = needs_of(*prepared);
  const auto curves = curves_of(setup.curves, needs, *prepared);
  if (!curves) return tl::unexpected<Error>(curves.error());

  auto opened = Store::open(setup.store);
  if (!opened) return tl::unexpected<Error>(opened.error());
  simulation::MeasuredStore store(**opened);
  const auto id = (*opened)->create_study(search::record_of(prepared->study, *prepared->space), prepared->queue);
  if (!id) return tl::unexpected<Error>(id.error());
  const auto coordinator = (*opened)->acquire_coordinator(*id);
  if (!coordinator) return tl::unexpected<Error>(coordinator.error());

  SimulationReport report;
  simulation::SimulatedExecutor executor({&store, *coordinator, curves->get(), &config, setup.workers, setup.costs, setup.coordinator, reports(*prepared)});
  Search search({.config = &config,
                 .space = prepared->space.get(),
                 .store = &store,
                 .coordinator = *coordinator,
                 .clock = [&executor] { return executor.now(); },
                 .times = &report.times},
                std::move(prepared->sampler), std::move(prepared->scheduler));
  executor.answer(search.decide());
  const StopRequest never;
  auto outcome = search.run(executor, setup.stop != nullptr ? *setup.stop : never);
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  const bool over = !outcome->interrupted;
  static_cast<void>((*opened)->set_study_state(*coordinator, over ? StudyState::finished : StudyState::stopped,
                                               over ? outcome->reason : "interrupted"));
  static_cast<void>((*opened)->release(*coordinator));

  report.workers = setup.workers;
  report.parallel = config.parallel;
  report.deterministic = config.deterministic;
  report.objective = config.objectives.front().metric;
  report.search = std::move(*outcome);
  report.seconds = executor.now();
  report.store_calls = store.calls();
  report.nearest = (*curves)->nearest();
  if (config.objectives.size() == 1) report.optimum = (*curves)->optimum();
  add_doings(report, executor.doings());
  return report;
}

}  // namespace nascent::core
