#include "synthetic.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace nascent::search_quality {
namespace {

void visit_from(SpaceView space, std::size_t i, Point& point, const std::function<void(ConstRow)>& visit) {
  if (i == space.size()) return visit(point.row());
  point.active[i] = space.is_active(i, point.x, point.active) ? 1 : 0;
  const std::uint64_t n = point.active[i] != 0 ? space[i].levels() : 1;
  if (n == 0) throw std::runtime_error("a space with continuous parameters cannot be enumerated");
  for (std::uint64_t k = 0; k < n; ++k) {
    point.x[i] = point.active[i] != 0 ? space[i].level(k) : 0;
    visit_from(space, i + 1, point, visit);
  }
  point.x[i] = 0;
  point.active[i] = 0;
}

}  // namespace

void for_each_configuration(SpaceView space, const std::function<void(ConstRow)>& visit) {
  Point point(space.size());
  visit_from(space, 0, point, visit);
}

void solve(Problem& problem) {
  Rng unused(0);
  double best = std::numeric_limits<double>::infinity();
  std::vector<std::pair<double, double>> points;
  for_each_configuration(SpaceView(problem.space.view()), [&](ConstRow row) {
    const Outcome outcome = problem.evaluate(row, unused);
    if (outcome.values.empty()) return;
    if (std::any_of(outcome.constraints.begin(), outcome.constraints.end(), [](double c) { return c > 0; })) return;
    if (problem.n_objectives == 2) {
      points.emplace_back(outcome.values[0], outcome.values[1]);
    } else {
      best = std::min(best, problem.truth ? problem.truth(row) : outcome.values[0]);
    }
  });
  problem.optimum = best;
  problem.front = pareto_front(std::move(points));
}

Problem plain_problem(SpaceDeclaration space, std::function<double(ConstRow)> value, double optimum) {
  Problem p;
  p.space = std::move(space);
  p.optimum = optimum;
  p.evaluate = [value = std::move(value)](ConstRow row, Rng&) { return Outcome{{value(row)}, {}}; };
  return p;
}

std::vector<Family> synthetic_families() {
  std::vector<Family> all;
  for (auto& part : {continuous_families(), categorical_families(), ordinal_families(), structured_families(), wide_families()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace nascent::search_quality
