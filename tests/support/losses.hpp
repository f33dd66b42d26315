// Losses that tests of samplers minimise.
#pragma once

#include <cmath>

#include "nascent/space_view.hpp"
#include "support/sampler_run.hpp"

namespace nascent::test {

// Of mixed_space(); `leaf` rewards the deepest branch.
inline double mixed_loss(const Point& p) {
  return std::pow(std::log10(p.x[0]) + 2.5, 2) + std::abs(p.x[1]) + p.x[3] / 100 + (p.x[5] == 1 ? 0 : 1) - p.x[8];
}

// Of mixed_space(); NaN, a failed trial, in the branch without `leaf`.
inline double failing_mixed_loss(const Point& p) {
  if (p.active[6] != 0 && p.active[8] == 0) return std::nan("");
  return std::pow(std::log10(p.x[0]) + 2.5, 2) + std::abs(p.x[1]) + (p.x[5] == 1 ? 0.0 : 0.4) + p.x[8];
}

// Of mixed_space(): squared distance of "rate" (log10) and "count" to an optimum inside the space; conditional parts
// lower it.
inline Loss distance_loss(const SpaceDeclaration& space) {
  return [view = SpaceView(space.view())](const Point& p) {
    double sum = std::pow(std::log10(p.x[view.find("rate")]) + 2.5, 2) +
                 std::pow((p.x[view.find("count")] - 40) / 30, 2) + (p.x[view.find("kind")] == 1 ? 0 : 1);
    if (p.active[view.find("leaf")] != 0) sum -= p.x[view.find("leaf")];
    return sum;
  };
}

inline double sum_of(const Point& p) {
  double sum = 0;
  for (const double v : p.x) sum += v;
  return sum;
}

}  // namespace nascent::test
