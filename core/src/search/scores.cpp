#include "scores.hpp"

#include <fmt/format.h>

#include "nascent/core/nearest.hpp"

namespace nascent::core::search {
namespace {

tl::unexpected<Error> unmeasured(const Trial& trial, std::string_view metric, std::string_view section) {
  std::vector<std::string> names;
  for (const Metric& m : trial.metrics) names.push_back(m.name);
  return fail(ErrorKind::invalid_input,
              fmt::format("trial {} measured no metric \"{}\" for [{}]; {}", trial.id, metric, section,
                          names.empty() ? "it measured none at all: add an [[evaluator]] that does" : way_out(metric, names)));
}

// The state a sampler is told.
Result<std::uint32_t> read_scores(History& history, Position i, const Trial& trial, const Scoring& scoring) {
  if (trial.state == TrialState::invalid) return NAS_TRIAL_INVALID;
  const bool completed = trial.state == TrialState::completed, paused = trial.state == TrialState::paused;
  if (!completed && !paused && trial.state != TrialState::pruned) return NAS_TRIAL_FAILED;
  const std::string_view no_loss = scoring.losses(trial.metrics, history.losses_of(i));
  if (!no_loss.empty() && completed && !metric(trial.metrics, no_loss)) return unmeasured(trial, no_loss, "objective");
  if (!no_loss.empty()) return paused ? NAS_TRIAL_PAUSED : NAS_TRIAL_FAILED;
  const std::string_view no_bound = scoring.violations(trial.metrics, history.violations_of(i));
  if (!no_bound.empty() && completed && !metric(trial.metrics, no_bound)) return unmeasured(trial, no_bound, "constraint");
  if (!no_bound.empty() && completed) return NAS_TRIAL_FAILED;
  return completed ? NAS_TRIAL_COMPLETED : paused ? NAS_TRIAL_PAUSED : NAS_TRIAL_PRUNED;
}

}  // namespace

Result<void> finish(History& history, Position i, const Trial& trial, const Scoring& scoring,
                    const std::vector<std::string>& metrics) {
  const auto state = read_scores(history, i, trial, scoring);
  if (!state) return tl::unexpected<Error>(state.error());
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    if (const auto measured = metric(trial.metrics, metrics[k])) history.metrics_of(i)[k] = *measured;
  }
  history.finish(i, *state, trial.budget_spent, trial.cost_seconds);
  if (trial.accepted) history.accept(i);
  if (trial.duplicate_of) history.repeats(i);
  return {};
}

}  // namespace nascent::core::search
