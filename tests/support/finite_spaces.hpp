// Spaces of few configurations, listed in full.
#pragma once

#include <vector>

#include "nascent/space_builder.hpp"

namespace nascent::test {

// Weights, an ordinal, and a branch that brings a choice and a number, which opens a second branch. 33 configurations.
inline SpaceDeclaration branching_space() {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"plain", "never", "rich"}, {3, 0, 1});
  s.ordinal<std::int64_t>("width", {16, 32, 64}, {1, 2, 5});
  s.when(s.is(kind, "rich"), [](SpaceBuilder& in) {
    in.choice("a", {"x", "y"}, {1, 3});
    const auto depth = in.integer("depth", 1, 3, {.scale = Scale::log});
    in.when(above(depth, 2), [](SpaceBuilder& deep) { deep.choice("b", {"u", "v", "w"}); });
  });
  return s.declaration();
}

namespace detail {
inline void list(SpaceView space, std::size_t i, Point& point, std::vector<Point>& all) {
  if (i == space.size()) return all.push_back(point);
  point.active[i] = space.is_active(i, point.x, point.active) ? 1 : 0;
  point.x[i] = 0;
  if (point.active[i] == 0) return list(space, i + 1, point, all);
  for (std::uint64_t k = 0; k < space[i].levels(); ++k) {
    if (space[i].is_choice() && !(space[i].probability(k) > 0)) continue;
    point.x[i] = space[i].level(k);
    list(space, i + 1, point, all);
  }
}
}  // namespace detail

// Every configuration of positive prior of a space without continuous parameters.
inline std::vector<Point> configurations(SpaceView space) {
  std::vector<Point> all;
  Point point(space.size());
  detail::list(space, 0, point, all);
  return all;
}

}  // namespace nascent::test
