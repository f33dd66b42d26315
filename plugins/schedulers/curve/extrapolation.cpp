#include "extrapolation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

namespace nascent::curve {
namespace {

constexpr std::size_t points_max = 64;
constexpr std::size_t terms = 3;
using Row = std::array<double, terms>;
constexpr Row prior_variances{1e5, 1e5, 100};
constexpr double prior_shape = 1, prior_rate = 0.05 * 0.05;

// Falls to 0 as the budget grows. t: budget as a share of the full one; first: that of the first point.
using Shape = std::function<double(double t, double first)>;

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = [] {
    constexpr double ratio = 1.35;  // between neighbours of the grid
    std::vector<Shape> s;
    for (double p = 0.1; p < 2.1; p *= ratio) {
      s.emplace_back([p](double t, double) { return std::pow(t, -p); });
    }
    for (const double p : {0.5, 0.75, 1.0}) {
      for (double r = 1; r < 101; r *= ratio) {
        s.emplace_back([p, r](double t, double) { return std::exp(-r * std::pow(t, p)); });
      }
    }
    for (const double p : {1.0, 1.5, 2.0, 3.0}) {
      for (double r = 0.02; r < 0.5; r *= ratio) {
        s.emplace_back([p, r](double t, double) { return 1 / (1 + std::pow(t / r, p)); });
      }
    }
    s.emplace_back([](double t, double first) { return 1 / std::log(1 + t / first); });
    return s;
  }();
  return all;
}

std::vector<CurvePoint> thinned(std::span<const CurvePoint> points) {
  if (points.size() <= points_max) return {points.begin(), points.end()};
  std::vector<CurvePoint> groups;
  for (std::size_t g = 0; g < points_max; ++g) {
    const std::size_t from = g * points.size() / points_max, to = (g + 1) * points.size() / points_max;
    CurvePoint sum{0, 0};
    for (std::size_t i = from; i < to; ++i) {
      sum.budget += points[i].budget;
      sum.value += points[i].value;
    }
    const auto n = static_cast<double>(to - from);
    groups.push_back({sum.budget / n, sum.value / n});
  }
  return groups;
}

// What the regression of y [n] on rows [n] says: the first coefficient's mean, its variance over s^2, the posterior's
// rate of s^2, and the logarithm of the evidence but for a constant.
struct Fit {
  double mean = 0, variance = 0, rate = 0, log_evidence = 0;
};

Fit fit(std::span<const Row> rows, std::span<const double> y) {
  // The posterior's precision P = diag(1 / prior) + X'X and X'y; then, in their places, L of P = L L' and u of L u =
  // X'y.
  std::array<Row, terms> l{};
  Row u{};
  double squares = 0;
  for (std::size_t i = 0; i < terms; ++i) l[i][i] = 1 / prior_variances[i];
  for (std::size_t p = 0; p < rows.size(); ++p) {
    for (std::size_t i = 0; i < terms; ++i) {
      for (std::size_t k = 0; k <= i; ++k) l[i][k] += rows[p][i] * rows[p][k];
      u[i] += rows[p][i] * y[p];
    }
    squares += y[p] * y[p];
  }
  Fit found;
  Row w{1};  // w of L w = (1, 0, 0): the first coefficient is w'u, its variance w'w
  for (std::size_t i = 0; i < terms; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      for (std::size_t q = 0; q < k; ++q) l[i][k] -= l[i][q] * l[k][q];
      l[i][k] = i == k ? std::sqrt(l[i][i]) : l[i][k] / l[k][k];
    }
    for (std::size_t q = 0; q < i; ++q) {
      u[i] -= l[i][q] * u[q];
      w[i] -= l[i][q] * w[q];
    }
    u[i] /= l[i][i];
    w[i] /= l[i][i];
    found.mean += w[i] * u[i];
    found.variance += w[i] * w[i];
    squares -= u[i] * u[i];
    found.log_evidence -= std::log(l[i][i]);
  }
  found.rate = prior_rate + std::max(0.0, 0.5 * squares);
  found.log_evidence -= (prior_shape + 0.5 * static_cast<double>(rows.size())) * std::log(found.rate);
  return found;
}

}  // namespace

double student_cdf(double t, std::size_t df) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(df)));
  const double cos2 = std::cos(angle) * std::cos(angle);
  // The series 1 + 1/2 cos^2 + ... for even df; cos (1 + 2/3 cos^2 + ...) for odd ones.
  const std::size_t odd = df % 2;
  double sum = 0, term = odd != 0 ? std::cos(angle) : 1;
  for (std::size_t i = 2 + odd; i <= df; i += 2) {
    sum += term;
    term *= cos2 * static_cast<double>(i - 1) / static_cast<double>(i);
  }
  double within = std::sin(angle) * sum;  // P(|T| <= |t|), with the sign of t
  if (odd != 0) within = 2 / std::numbers::pi * (angle + within);
  return 0.5 * (1 + within);
}

Extrapolation::Extrapolation(std::span<const CurvePoint> given, double full) {
  const std::vector<CurvePoint> points = thinned(given);
  const auto [lowest, highest] =
      std::minmax_element(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  const double last = points.back().value;
  const double unit = std::max({highest->value - lowest->value, 1e-9 * std::abs(last), 1e-300});
  const double first = points.front().budget / full;
  const double shape = prior_shape + 0.5 * static_cast<double>(points.size());
  df_ = static_cast<std::size_t>(2 * shape);

  std::vector<double> y;
  for (const CurvePoint& p : points) y.push_back((p.value - last) / unit);
  double highest_evidence = -std::numeric_limits<double>::infinity();
  for (const Shape& g : shapes()) {
    const double at_first = g(first, first), at_full = g(1, first);
    if (!(at_first > at_full)) continue;
    std::vector<Row> rows;
    for (const CurvePoint& p : points) {
      const double t = p.budget / full;
      rows.push_back({1, (g(t, first) - at_full) / (at_first - at_full), (1 - t) / (1 - first)});
    }
    const Fit found = fit(rows, y);
    if (!std::isfinite(found.log_evidence)) continue;
    const double scale = unit * std::sqrt(found.rate / shape * (1 + found.variance));
    components_.push_back({found.log_evidence, last + unit * found.mean, scale});
    highest_evidence = std::max(highest_evidence, found.log_evidence);
  }
  double sum = 0;
  for (Component& c : components_) sum += c.weight = std::exp(c.weight - highest_evidence);
  for (Component& c : components_) c.weight /= sum;
}

double Extrapolation::cdf(double value) const {
  double sum = 0;
  for (const Component& c : components_) sum += c.weight * student_cdf((value - c.location) / c.scale, df_);
  return sum;
}

double Extrapolation::mean() const {
  double sum = 0;
  for (const Component& c : components_) sum += c.weight * c.location;
  return sum;
}

}  // namespace nascent::curve
