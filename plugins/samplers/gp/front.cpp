#include "gp/front.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nascent/rng.hpp"
#include "shared/ranking.hpp"

namespace nascent::gp {
namespace {

constexpr double kMargin = 0.1, kRangeMin = 1;  // of the reference point; the latter in deviations of the targets

// E[max(0, y)], y ~ N(z, 1).
double improvement(double z) {
  if (std::isinf(z)) return 0;
  if (z < -4) return std::exp(log_improvement(z));  // where the terms below cancel
  return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi) + z * normal_cdf(z);
}

}  // namespace

double log_improvement(double z) {
  const double log_root = 0.5 * std::log(2 * std::numbers::pi);
  if (z > -1) return std::log(std::exp(-0.5 * z * z - log_root) + z * normal_cdf(z));
  const double w = 1 / (z * z);
  if (z < -25) return -0.5 * z * z - log_root + std::log(w * (1 + w * (-3 + w * (15 + w * (-105 + w * 945)))));
  const double scaled = std::exp(0.5 * z * z) * std::erfc(-z / std::numbers::sqrt2);  // Phi(z) 2 exp(z^2 / 2)
  return -0.5 * z * z - log_root + std::log1p(z * scaled * std::sqrt(std::numbers::pi / 2));
}

double log_normal_cdf(double z) {
  if (z > -25) return std::log(normal_cdf(z));
  const double w = 1 / (z * z);  // Mills' ratio
  const double series = 1 + w * (-1 + w * (3 + w * (-15 + w * 105)));
  return -0.5 * z * z - std::log(-z) - 0.5 * std::log(2 * std::numbers::pi) + std::log(series);
}

Front::Front(const Matrix& points) {
  const auto m = static_cast<std::size_t>(points.cols());
  std::vector<samplers::Outcome> outcomes;
  for (Index i = 0; i < points.rows(); ++i) {
    outcomes.emplace_back();
    for (Index k = 0; k < points.cols(); ++k) outcomes.back().values.push_back(points(i, k));
  }
  const double n_max =
      m == 1 ? 1 : std::max(2.0, std::floor(std::pow(kBoxesMax, 1.0 / static_cast<double>(m - 1)) + 1e-9));
  const samplers::Ranking ranking(outcomes);
  for (const std::size_t i : ranking.best_first) {
    if (ranking.rank[i] == 0 && static_cast<double>(members_.size()) < n_max) members_.push_back(outcomes[i].values);
  }
  if (m == 1) return;
  Box whole{std::vector<double>(m, -std::numeric_limits<double>::infinity()), {}};
  for (std::size_t k = 0; k < m; ++k) {
    const auto by_value = [k](const auto& a, const auto& b) { return a[k] < b[k]; };
    const auto [least, most] = std::ranges::minmax_element(members_, by_value);
    reference_.push_back((*most)[k] + kMargin * std::max((*most)[k] - (*least)[k], kRangeMin));
  }
  whole.upper = reference_;
  tile(members_, m, whole);
}

// Slices between the points' last values: a slab is undominated where those at or below it leave it so in the other
// objectives.
void Front::tile(const std::vector<std::vector<double>>& points, std::size_t n_objectives, Box box) {
  const std::size_t last = n_objectives - 1;
  if (n_objectives == 1) {
    for (const auto& p : points) box.upper[0] = std::min(box.upper[0], p[0]);
    if (box.upper[0] > box.lower[0]) boxes_.push_back(std::move(box));
    return;
  }
  std::vector<double> cuts;
  for (const auto& p : points) cuts.push_back(p[last]);
  std::ranges::sort(cuts);
  const auto [end, all] = std::ranges::unique(cuts);
  cuts.erase(end, all);
  cuts.push_back(box.upper[last]);
  for (const double cut : cuts) {
    box.upper[last] = cut;
    std::vector<std::vector<double>> below;
    std::ranges::copy_if(points, std::back_inserter(below), [&](const auto& p) { return p[last] < cut; });
    tile(below, last, box);
    box.lower[last] = cut;
  }
}

double Front::nearness(std::span<const double> y) const {
  double least = HUGE_VAL;
  for (const auto& member : members_) {
    double most = -HUGE_VAL;
    for (std::size_t k = 0; k < y.size(); ++k) most = std::max(most, member[k] - y[k]);
    least = std::min(least, most);
  }
  return least;
}

double Front::log_gain(std::span<const double> y) const {
  double gain = 0;
  if (y.size() == 1) gain = std::max(0.0, members_.front()[0] - y[0]);
  for (const Box& box : boxes_) {
    double volume = 1;
    for (std::size_t k = 0; k < y.size(); ++k) volume *= std::max(0.0, box.upper[k] - std::max(y[k], box.lower[k]));
    gain += volume;
  }
  return gain > 0 ? std::log(gain) : kNoGain + nearness(y);
}

double Front::log_expected_gain(std::span<const double> means, std::span<const double> deviations) const {
  if (means.size() == 1) {
    return std::log(deviations[0]) + log_improvement((members_.front()[0] - means[0]) / deviations[0]);
  }
  double sum = 0;
  for (const Box& box : boxes_) {
    double product = 1;
    for (std::size_t k = 0; k < means.size() && product > 0; ++k) {
      const double sd = deviations[k];
      product *= sd * (improvement((box.upper[k] - means[k]) / sd) - improvement((box.lower[k] - means[k]) / sd));
    }
    sum += product;
  }
  return sum > std::numeric_limits<double>::min() ? std::log(sum) : kNoGain + nearness(means);
}

}  // namespace nascent::gp
