#include "percentile.hpp"

#include <algorithm>
#include <vector>

#include "nascent/pareto.hpp"
#include "shared/curve.hpp"

namespace nascent::percentile {

using schedulers::Curve;

Percentile::Percentile(const Options& given)
    : share_(given.real("percentile") / 100),
      warmup_reports_(static_cast<std::size_t>(given.integer("warmup_reports"))),
      trials_min_(static_cast<std::size_t>(given.integer("trials_min"))) {}

Verdict Percentile::decide(const Observations& history, const Observations& trial) {
  if (trial.size() <= warmup_reports_) return Verdict::go;
  const Curve own(trial);
  const double budget = own.newest().budget();
  const std::vector<double> own_best = own.best_until(budget);

  std::vector<double> best;  // [completed, n_objectives]
  for (const Curve& other : schedulers::curves_of(history)) {
    if (other.state() != TrialState::completed) continue;
    const std::vector<double> row = other.best_until(budget);
    if (schedulers::all_finite(row)) best.insert(best.end(), row.begin(), row.end());
  }
  const std::size_t completed = best.size() / own_best.size();
  if (completed < trials_min_) return Verdict::go;

  std::size_t better = completed;  // than a trial without a finite value
  if (schedulers::all_finite(own_best)) {
    best.insert(best.end(), own_best.begin(), own_best.end());
    const std::vector<std::size_t> layer = pareto::ranks({best, own_best.size()});
    better = static_cast<std::size_t>(
        std::count_if(layer.begin(), layer.end(), [&](std::size_t l) { return l < layer.back(); }));
  }
  return static_cast<double>(better) > share_ * static_cast<double>(completed) ? Verdict::stop : Verdict::go;
}

}  // namespace nascent::percentile
