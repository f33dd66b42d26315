#include "extrapolation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace nascent::curve {
namespace {

constexpr std::size_t points_max = 64;
constexpr double prior_variance = 1e5, prior_shape = 1, prior_rate = 0.05 * 0.05;

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
  const auto n = static_cast<double>(points.size());
  const auto [lowest, highest] =
      std::minmax_element(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  const double last = points.back().value;
  const double unit = std::max({highest->value - lowest->value, 1e-9 * std::abs(last), 1e-300});
  const double first = points.front().budget / full;
  const double shape = prior_shape + n / 2;
  df_ = static_cast<std::size_t>(2 * shape);

  double best = -std::numeric_limits<double>::infinity();  // log weights until the end
  for (const Shape& g : shapes()) {
    const double at_first = g(first, first), at_full = g(1, first);
    if (!(at_first > at_full)) continue;
    // Sums of the normal equations for (m, d).
    double sh = 0, shh = 0, sy = 0, shy = 0, syy = 0;
    for (const CurvePoint& p : points) {
      const double h = (g(p.budget / full, first) - at_full) / (at_first - at_full), y = (p.value - last) / unit;
      sh += h;
      shh += h * h;
      sy += y;
      shy += h * y;
      syy += y * y;
    }
    const double a = n + 1 / prior_variance, c = shh + 1 / prior_variance, determinant = a * c - sh * sh;
    const double m = (c * sy - sh * shy) / determinant, d = (a * shy - sh * sy) / determinant;
    const double rate = prior_rate + std::max(0.0, 0.5 * (syy - m * sy - d * shy));
    const double log_evidence = -0.5 * std::log(determinant) - shape * std::log(rate);
    if (!std::isfinite(log_evidence)) continue;
    components_.push_back({log_evidence, last + unit * m, unit * std::sqrt(rate / shape * (1 + c / determinant))});
    best = std::max(best, log_evidence);
  }
  double sum = 0;
  for (Component& c : components_) sum += c.weight = std::exp(c.weight - best);
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
