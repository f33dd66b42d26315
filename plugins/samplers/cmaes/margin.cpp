#include "margin.hpp"

#include <algorithm>
#include <cmath>

#include "nascent/rng.hpp"

namespace nascent::cmaes {
namespace {

double below(const Marginal& m, double at) { return normal_cdf((at - m.mean) / m.deviation); }
double above(const Marginal& m, double at) { return normal_cdf((m.mean - at) / m.deviation); }

}  // namespace

double probability_outside(const Marginal& marginal, const Cell& cell) {
  return below(marginal, cell.from) + above(marginal, cell.to);
}

Marginal with_margin(const Marginal& marginal, const Cell& cell, double margin) {
  const bool lowest = std::isinf(cell.from), highest = std::isinf(cell.to);
  if (lowest && highest) return marginal;
  const double farthest = -normal_quantile(margin) * marginal.deviation;
  if (lowest) return {std::max(marginal.mean, cell.to - farthest), marginal.deviation};
  if (highest) return {std::min(marginal.mean, cell.from + farthest), marginal.deviation};

  const double half = margin / 2, low = below(marginal, cell.from), high = above(marginal, cell.to);
  const double raised_low = std::max(low, half), raised_high = std::max(high, half);
  const double raised_middle = std::max(1 - low - high, half), sum = raised_low + raised_middle + raised_high;
  const double share = (1 - sum) / (sum - 3 * half);  // of what lies above the margin, taken so that the sum is 1 again
  const double new_low = raised_low + share * (raised_low - half),
               new_high = raised_high + share * (raised_high - half);
  if (new_low == low && new_high == high) return marginal;
  const double reach_low = -normal_quantile(new_low), reach_high = -normal_quantile(new_high);
  return {(cell.from * reach_high + cell.to * reach_low) / (reach_low + reach_high),
          (cell.to - cell.from) / (reach_low + reach_high)};
}

}  // namespace nascent::cmaes
