#include "encoding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nascent::vi {
namespace {

constexpr double kLogRootTwoPi = 0.91893853320467274178;
// Scores of the ends of a continuum, where its quantile is 0 or 1.
constexpr double kScoreMax = 8;
// A cell of this width counts as a point: the density is constant in it up to 1e-6, and its mass loses digits.
constexpr double kNarrow = 1e-6;

double density(double z) { return std::isinf(z) ? 0 : std::exp(-0.5 * z * z - kLogRootTwoPi); }
double moment(double z) { return std::isinf(z) ? 0 : z * density(z); }

// log of the standard normal mass between a < b, also far out in a tail.
double log_mass(double a, double b) {
  if (a > 0) return log_mass(-b, -a);
  const double mass = normal_cdf(b) - normal_cdf(a);
  if (mass > 1e-290) return std::log(mass);
  return -0.5 * b * b - kLogRootTwoPi - std::log(-b);  // the tail's leading term; what lies beyond a is far less
}

}  // namespace

Cell Encoding::cell(std::size_t i, double value) const {
  if (is_choice(i)) return {value, value};
  const samplers::Quantiles q = scale_.quantiles(i, value);
  if (q.from < q.to) return {normal_quantile(q.from), normal_quantile(q.to)};
  const double z = std::clamp(normal_quantile(q.from), -kScoreMax, kScoreMax);
  return {z, z};
}

Code Encoding::encode(ConstRow row) const {
  Code code{std::vector<Cell>(size()), {row.active.begin(), row.active.end()}};
  for (std::size_t i = 0; i < size(); ++i) {
    if (row.active[i] != 0) code.cells[i] = cell(i, row.x[i]);
  }
  return code;
}

NormalView look(const Cell& cell, double mean, double sd) {
  const double a = (cell.from - mean) / sd, b = (cell.to - mean) / sd;
  if (b - a < kNarrow || cell.to - cell.from < kNarrow) {
    const double at = 0.5 * (cell.from + cell.to), z = (at - mean) / sd;
    return {0.5 * (at * at - z * z) - std::log(sd), z, z * z - 1};
  }
  const double log_here = log_mass(a, b), mass = std::exp(log_here);
  const double log_ratio = log_here - log_mass(cell.from, cell.to);
  if (mass < 1e-250) {  // all of it at the nearer end
    const double end = std::abs(a) < std::abs(b) ? a : b;
    return {log_ratio, end, end * end - 1};
  }
  return {log_ratio, (density(a) - density(b)) / mass, (moment(a) - moment(b)) / mass};
}

}  // namespace nascent::vi
