#include "percentile.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "nascent/pareto.hpp"
#include "shared/curve.hpp"

namespace nascent::percentile {

using schedulers::Curve;

namespace {

// Completed trials with a finite value up to a budget, and how many of them are better there than the trial in question; all are where
// it has none.
struct Rivals {
  std::size_t completed = 0, better = 0;
};

// With one objective.
Rivals rivals_by_value(const Curve& own, const Observations& history, double budget) {
  Rivals rivals;
  const double here = own.best_until(budget, 0);
  schedulers::for_each_curve(history, [&](const Curve& other) {
    if (other.state() != TrialState::completed) return;
    const double there = other.best_until(budget, 0);
    if (!std::isfinite(there)) return;
    ++rivals.completed;
    if (there < here) ++rivals.better;
  });
  return rivals;
}

// With several: by Pareto layer of the best values.
Rivals rivals_by_layer(const Curve& own, const Observations& history, double budget) {
  const std::vector<double> here = own.best_until(budget);
  std::vector<double> best;  // [completed, n_objectives]
  schedulers::for_each_curve(history, [&](const Curve& other) {
    if (other.state() != TrialState::completed) return;
    const std::vector<double> there = other.best_until(budget);
    if (schedulers::all_finite(there)) best.insert(best.end(), there.begin(), there.end());
  });
  const std::size_t completed = best.size() / here.size();
  if (!schedulers::all_finite(here)) return {completed, completed};
  best.insert(best.end(), here.begin(), here.end());
  const std::vector<std::size_t> layer = pareto::ranks({best, here.size()});
  const auto better = std::count_if(layer.begin(), layer.end(), [&](std::size_t l) { return l < layer.back(); });
  return {completed, static_cast<std::size_t>(better)};
}

}  // namespace

Percentile::Percentile(const Options& given)
    : share_(given.real("percentile") / 100),
      warmup_reports_(static_cast<std::size_t>(given.integer("warmup_reports"))),
      trials_min_(static_cast<std::size_t>(given.integer("trials_min"))) {}

Verdict Percentile::decide(const Observations& history, const Observations& trial) {
  if (trial.size() <= warmup_reports_) return Verdict::go;
  const Curve own(trial);
  const double budget = own.newest().budget();
  const Rivals rivals = own.newest().values().size() == 1 ? rivals_by_value(own, history, budget) : rivals_by_layer(own, history, budget);
  if (rivals.completed < trials_min_) return Verdict::go;
  return static_cast<double>(rivals.better) > share_ * static_cast<double>(rivals.completed) ? Verdict::stop : Verdict::go;
}

}  // namespace nascent::percentile
