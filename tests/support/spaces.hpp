// Search spaces that tests share.
#pragma once

#include "nascent/space_builder.hpp"

namespace nascent::test {

// Every kind of parameter, scale and prior, and conditions three deep.
inline SpaceDeclaration mixed_space() {
  SpaceBuilder s;
  s.real("rate", 1e-4, 1e-1, {.scale = Scale::log});
  s.real("share", -1, 1, {.normal = NormalPrior{0.2, 0.5}});
  s.real("stepped", 0, 1, {.step = 0.25});
  s.integer("count", 1, 100, {.scale = Scale::log});
  s.ordinal<std::int64_t>("width", {16, 32, 64});
  const auto kind = s.choice("kind", {"a", "b", "never", "c"}, {1, 2, 0, 1});
  s.when(s.is(kind, "b"), [&](SpaceBuilder& in) {
    const auto depth = in.integer("depth", 1, 5);
    in.when(above(depth, 2), [&](SpaceBuilder& deep) {
      const auto flag = deep.choice<bool>("flag", {false, true});
      deep.when(deep.is(flag, true), [](SpaceBuilder& deepest) { deepest.real("leaf", 0, 1); });
    });
  });
  return s.declaration();
}

}  // namespace nascent::test
