#include "utility.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nascent::samplers {
namespace {

// Linear interpolation between order statistics. `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double standard_deviation(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean) / n;
  return std::sqrt(squares);
}

}  // namespace

std::optional<std::vector<double>> usable_losses(const Observation& observation) {
  if (!observation.completed()) return std::nullopt;
  for (const double violation : observation.constraints()) {
    if (!(violation <= 0)) return std::nullopt;
  }
  const auto values = observation.values();
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) return std::nullopt;
  return std::vector<double>(values.begin(), values.end());
}

double robust_spread(std::vector<double> values) {
  if (values.empty()) return 1;
  std::sort(values.begin(), values.end());
  constexpr double kNormalQuartiles = 1.3489795003921634;  // between the quartiles of a standard normal distribution
  const double quartiles = (quantile(values, 0.75) - quantile(values, 0.25)) / kNormalQuartiles;
  const double spread = quartiles > 0 ? quartiles : standard_deviation(values);
  return spread > 0 && std::isfinite(spread) ? spread : 1;
}

void Utility::collect(std::span<const double> losses) {
  for (std::size_t k = 0; k < losses_.size(); ++k) {
    has_spread_ = has_spread_ || (!losses_[k].empty() && losses_[k].front() != losses[k]);
    losses_[k].push_back(losses[k]);
  }
  if (unit_ == TemperatureUnit::absolute || !has_spread_) return;
  std::transform(losses_.begin(), losses_.end(), spread_.begin(), robust_spread);
}

double Utility::log_weight(std::span<const double> losses) const {
  double sum = 0;
  for (std::size_t k = 0; k < losses.size(); ++k) sum += losses[k] / spread_[k];
  return -sum / (temperature_ * static_cast<double>(losses.size()));
}

}  // namespace nascent::samplers
