#include "axis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace nascent::quality_diversity {
namespace {

constexpr double kLogRatio = 100;  // largest / smallest value from which on a scale is logarithmic by itself

// `values` ascending and not empty.
bool looks_logarithmic(const AxisSettings& settings, const std::vector<double>& values) {
  const double min = settings.min.value_or(values.front()), max = settings.max.value_or(values.back());
  return min > 0 && max >= kLogRatio * min;
}

// Linear interpolation between order statistics; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// The outermost values within the outer fences; where half of the values are equal, of all values.
std::pair<double, double> ends(const std::vector<double>& sorted) {
  const double low = quantile(sorted, 0.25), high = quantile(sorted, 0.75), reach = 3 * (high - low);
  if (!(reach > 0)) return {sorted.front(), sorted.back()};
  const auto first = std::lower_bound(sorted.begin(), sorted.end(), low - reach);
  const auto last = std::upper_bound(sorted.begin(), sorted.end(), high + reach);
  return {*first, *(last - 1)};
}

}  // namespace

Axis::Axis(const AxisSettings& settings, std::vector<double> seen) : cells_(settings.cells) {
  if (settings.is_fixed()) seen = {*settings.min, *settings.max};
  std::sort(seen.begin(), seen.end());
  is_log_ = settings.scale == Scale::log ||
            (settings.scale == Scale::automatic && !seen.empty() && looks_logarithmic(settings, seen));
  if (is_log_) {
    seen.erase(seen.begin(), std::upper_bound(seen.begin(), seen.end(), 0.0));
    std::transform(seen.begin(), seen.end(), seen.begin(), [](double v) { return std::log(v); });
  }
  if (!seen.empty()) std::tie(from_, to_) = ends(seen);
  if (settings.min) from_ = scaled(*settings.min);
  if (settings.max) to_ = scaled(*settings.max);
}

double Axis::scaled(double value) const {
  if (!is_log_) return value;
  return value > 0 ? std::log(value) : -std::numeric_limits<double>::infinity();
}

double Axis::min() const { return is_log_ ? std::exp(from_) : from_; }
double Axis::max() const { return is_log_ ? std::exp(to_) : to_; }

std::size_t Axis::cell(double value) const {
  if (!(to_ > from_)) return 0;
  // Halves, because the difference of two doubles may not be one.
  const double position = (0.5 * scaled(value) - 0.5 * from_) / (0.5 * to_ - 0.5 * from_);
  const double cell = std::floor(position * static_cast<double>(cells_));
  return cell > 0 ? std::min(static_cast<std::size_t>(std::min(cell, 1e9)), cells_ - 1) : 0;
}

}  // namespace nascent::quality_diversity
