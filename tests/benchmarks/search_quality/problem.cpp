#include "problem.hpp"

#include <algorithm>
#include <limits>

namespace nascent::search_quality {
namespace {

constexpr double kReference = 1.1;  // of either objective, where the front's box is the unit square

// Area dominated by `points` inside the reference point.
double hypervolume(const std::vector<std::pair<double, double>>& points) {
  double area = 0, above = kReference;
  for (const auto& [x, y] : pareto_front(points)) {
    if (x >= kReference || y >= above) continue;
    area += (kReference - x) * (above - y);
    above = y;
  }
  return area;
}

}  // namespace

double worst_of_prior(const Problem& problem) {
  constexpr int kDraws = 1000;
  const SpaceView space(problem.space.view());
  double worst = problem.optimum;
  for (int i = 0; i < kDraws; ++i) {
    Rng rng(0x5EEDU, static_cast<std::uint64_t>(i));
    Point point(space.size());
    space.sample(rng, point.row());
    const Outcome outcome = problem.evaluate(point.row(), rng);
    if (!outcome.values.empty()) worst = std::max(worst, outcome.values[0]);
  }
  return worst;
}

std::vector<std::pair<double, double>> pareto_front(std::vector<std::pair<double, double>> points) {
  std::sort(points.begin(), points.end());
  std::vector<std::pair<double, double>> front;
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& point : points) {
    if (point.second >= lowest) continue;
    lowest = point.second;
    front.push_back(point);
  }
  return front;
}

double hypervolume_share(const std::vector<std::pair<double, double>>& points,
                         const std::vector<std::pair<double, double>>& front) {
  const double x_low = front.front().first, x_range = front.back().first - x_low;
  const double y_low = front.back().second, y_range = front.front().second - y_low;
  const auto scaled = [&](std::vector<std::pair<double, double>> all) {
    for (auto& [x, y] : all) {
      x = (x - x_low) / x_range;
      y = (y - y_low) / y_range;
    }
    return all;
  };
  return hypervolume(scaled(points)) / hypervolume(scaled(front));
}

}  // namespace nascent::search_quality
