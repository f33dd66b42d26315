// Quantiles of a sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace latency {

// Quantile q in [0, 1] of a non-empty sample, linear between order statistics (Hyndman and Fan 1996, type 7).
inline double quantile(std::vector<double> sample, double q) {
  std::sort(sample.begin(), sample.end());
  const double position = q * static_cast<double>(sample.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto above = std::min(below + 1, sample.size() - 1);
  return sample[below] + (position - std::floor(position)) * (sample[above] - sample[below]);
}

}  // namespace latency
