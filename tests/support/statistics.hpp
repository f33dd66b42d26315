// Goodness of fit for statistical tests. Thresholds are chosen so that a correct generator fails one seed in a million.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "nascent/rng.hpp"

namespace nascent::test {

// Critical value of chi-square with `degrees` of freedom at false-failure rate 1e-6; Wilson and Hilferty (PNAS 17,
// 1931), within 2 % there for degrees >= 2.
inline double chi_square_limit(std::size_t degrees) {
  const double d = static_cast<double>(degrees), c = 2 / (9 * d);
  return d * std::pow(1 - c + normal_quantile(1 - 1e-6) * std::sqrt(c), 3);
}

// Pearson's statistic of counts against probabilities that sum to 1.
inline double chi_square(const std::vector<double>& counts, const std::vector<double>& probabilities) {
  double n = 0, sum = 0;
  for (const double c : counts) n += c;
  for (std::size_t i = 0; i < counts.size(); ++i)
    sum += std::pow(counts[i] - n * probabilities[i], 2) / (n * probabilities[i]);
  return sum;
}

// Kolmogorov-Smirnov distance times sqrt(n) between a sample and a continuous distribution function.
template <class Cdf>
double kolmogorov_smirnov(std::vector<double> sample, Cdf cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double f = cdf(sample[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return distance * std::sqrt(n);
}
// P(K > x) = 2 exp(-2 x^2) for large n: 1e-6 at 2.694.
inline constexpr double kKolmogorovSmirnovLimit = 2.694;

}  // namespace nascent::test
