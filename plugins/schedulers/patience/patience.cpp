#include "patience.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace nascent::patience {

Patience::Patience(const Options& given)
    : patience_(static_cast<std::size_t>(given.integer("patience"))), min_delta_(given.real("min_delta")) {}

Verdict Patience::decide(const Observations&, const Observations& trial) {
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
  return trial.size() - 1 - improved_at >= patience_ ? Verdict::stop : Verdict::go;
}

}  // namespace nascent::patience
