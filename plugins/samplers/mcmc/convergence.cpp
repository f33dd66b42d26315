#include "convergence.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>

#include "nascent/rng.hpp"

namespace nascent::mcmc {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Unbiased.
double variance(std::span<const double> values) {
  const double m = mean(values);
  double squares = 0;
  for (const double v : values) squares += (v - m) * (v - m);
  return squares / static_cast<double>(values.size() - 1);
}

// First and last half of each chain; the middle draw of an odd number is left out.
Chains split(const Chains& chains) {
  Chains halves;
  for (const auto& chain : chains) {
    const auto half = static_cast<std::ptrdiff_t>(chain.size() / 2);
    halves.emplace_back(chain.begin(), chain.begin() + half);
    halves.emplace_back(chain.end() - half, chain.end());
  }
  return halves;
}

// Each value becomes the normal quantile of its rank among all; ties share their mean rank (equation 14).
Chains normal_scores(const Chains& chains) {
  std::vector<double> sorted;
  for (const auto& chain : chains) sorted.insert(sorted.end(), chain.begin(), chain.end());
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size());
  Chains scores = chains;
  for (auto& chain : scores) {
    for (double& value : chain) {
      const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
      const double rank = 0.5 * static_cast<double>((first - sorted.begin()) + (last - sorted.begin()) + 1);
      value = normal_quantile((rank - 0.375) / (n + 0.25));
    }
  }
  return scores;
}

// Distances from the median of all.
Chains folded(const Chains& chains) {
  std::vector<double> all;
  for (const auto& chain : chains) all.insert(all.end(), chain.begin(), chain.end());
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  double median = *middle;
  if (all.size() % 2 == 0) median = 0.5 * (median + *std::max_element(all.begin(), middle));
  Chains distances = chains;
  for (auto& chain : distances) {
    for (double& value : chain) value = std::abs(value - median);
  }
  return distances;
}

struct Variances {
  double within;  // mean of the chains' variances
  double pooled;  // of the distribution, over-estimated by chains that differ (equation 3)
};
Variances variances(const Chains& chains) {
  const double n = static_cast<double>(chains[0].size());
  std::vector<double> means, within;
  for (const auto& chain : chains) {
    means.push_back(mean(chain));
    within.push_back(variance(chain));
  }
  const double w = mean(within);
  return {w, w * (n - 1) / n + variance(means)};
}

double r_hat(const Chains& chains) {
  const auto [within, pooled] = variances(chains);
  if (pooled == 0) return 1;
  return within > 0 ? std::sqrt(pooled / within) : std::numeric_limits<double>::infinity();
}

// In place, of a power of two; Cooley and Tukey (Mathematics of Computation 19, 1965).
void fourier(std::vector<std::complex<double>>& a) {
  const std::size_t n = a.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1U;
    for (; (j & bit) != 0; bit >>= 1U) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(a[i], a[j]);
  }
  for (std::size_t length = 2; length <= n; length *= 2) {
    const std::complex<double> root = std::polar(1.0, -2 * 3.14159265358979323846 / static_cast<double>(length));
    for (std::size_t start = 0; start < n; start += length) {
      std::complex<double> w = 1;
      for (std::size_t k = start; k < start + length / 2; ++k, w *= root) {
        const std::complex<double> odd = a[k + length / 2] * w;
        a[k + length / 2] = a[k] - odd;
        a[k] += odd;
      }
    }
  }
}

// [draws] mean over the chains of the autocovariance at each lag, divided by the number of draws at every lag.
std::vector<double> autocovariance(const Chains& chains) {
  const std::size_t n = chains[0].size(), padded = 2 * std::bit_ceil(n);
  std::vector<double> sum(n);
  for (const auto& chain : chains) {
    std::vector<std::complex<double>> spectrum(padded);
    const double centre = mean(chain);
    for (std::size_t i = 0; i < n; ++i) spectrum[i] = chain[i] - centre;
    fourier(spectrum);
    for (auto& s : spectrum) s = std::norm(s);
    fourier(spectrum);  // of a symmetric real sequence: its own inverse up to the factor
    const double scale = 1 / (static_cast<double>(padded) * static_cast<double>(n) * static_cast<double>(chains.size()));
    for (std::size_t lag = 0; lag < n; ++lag) sum[lag] += spectrum[lag].real() * scale;
  }
  return sum;
}

// Section 3.2: sums of neighbouring autocorrelations are positive and fall; the first that is not positive ends the
// sequence, or else the last lags, which are too noisy to use.
double effective_size(const Chains& chains) {
  const std::size_t n = chains[0].size();
  const double draws = static_cast<double>(n * chains.size());
  const auto [within, pooled] = variances(chains);
  if (pooled == 0) return draws;
  const std::vector<double> covariance = autocovariance(chains);
  const auto correlation = [&](std::size_t lag) { return lag == 0 ? 1.0 : 1 - (within - covariance[lag]) / pooled; };
  double tau = -1, pair = std::numeric_limits<double>::infinity();
  std::size_t lag = 0;
  for (; lag + 1 < n; lag += 2) {
    const double next = correlation(lag) + correlation(lag + 1);
    if (!(next > 0) || (lag > 0 && lag + 5 >= n)) break;
    pair = std::min(pair, next);
    tau += 2 * pair;
  }
  if (lag > 0 && lag < n) tau += std::max(0.0, correlation(lag));  // half a pair: less biased for antithetic chains
  return draws / std::max(tau, 1 / std::log10(draws));
}

}  // namespace

Convergence convergence(const Chains& chains) {
  if (chains.empty() || chains[0].size() < 4) return {std::numeric_limits<double>::infinity(), 0};
  const Chains halves = split(chains);
  const Chains scores = normal_scores(halves);
  return {std::max(r_hat(scores), r_hat(normal_scores(folded(halves)))), effective_size(scores)};
}

}  // namespace nascent::mcmc
