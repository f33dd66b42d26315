#include "patience.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "shared/curve.hpp"

namespace nascent::patience {

Patience::Patience(const Options& given)
    : patience_(static_cast<std::size_t>(given.integer("patience"))), min_delta_(given.real("min_delta")) {}

Verdict Patience::decide(const Observations& history, const Observations& trial) {
  std::vector<double> best(trial[0].values().size(), std::numeric_limits<double>::infinity());
  std::size_t improved_at = 0;
  for (std::size_t i = 0; i < trial.size(); ++i) {
    const std::span<const double> values = trial[i].values();
    for (std::size_t k = 0; k < best.size(); ++k) {
      if (!std::isfinite(values[k]) || !(values[k] < best[k] - min_delta_)) continue;
      best[k] = values[k];
      improved_at = i;
    }
  }
  if (trial.size() - 1 - improved_at < patience_) return Verdict::go;

  for (const schedulers::Curve& other : schedulers::curves_of(history)) {
    const std::span<const double> result = other.newest().values();
    if (other.state() != TrialState::completed || !schedulers::all_finite(result)) continue;
    if (std::equal(result.begin(), result.end(), best.begin(), std::less_equal<>{})) return Verdict::stop;
  }
  return Verdict::go;
}

}  // namespace nascent::patience
