#include "shared/crossover.hpp"

#include <gtest/gtest.h>

#include "support/spaces.hpp"

namespace nascent::samplers {
namespace {

TEST(Crossover, a_child_is_a_configuration_of_the_space_made_of_what_the_two_have) {
  const SpaceDeclaration declared = test::mixed_space();
  const SpaceView space(declared.view());
  int in_neither = 0;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    Rng rng(5, trial);
    Point one(space.size()), other(space.size()), child(space.size());
    space.sample(rng, one.row());
    space.sample(rng, other.row());
    cross(space, one.row(), other.row(), rng, child.row());
    ASSERT_TRUE(space.contains(child.row())) << trial;
    for (std::size_t i = 0; i < space.size(); ++i) {
      if (child.active[i] == 0) continue;
      const bool inherited =
          (one.active[i] != 0 && child.x[i] == one.x[i]) || (other.active[i] != 0 && child.x[i] == other.x[i]);
      const bool known = one.active[i] != 0 || other.active[i] != 0;
      EXPECT_TRUE(inherited || !known) << "parameter " << i << " of trial " << trial;
      in_neither += known ? 0 : 1;
    }
  }
  EXPECT_EQ(in_neither, 0) << "a condition of this space holds in a child only if it does in a parent";
}

TEST(Crossover, either_parent_gives_half_of_the_values) {
  SpaceBuilder s;
  for (int i = 0; i < 10; ++i) s.real("x" + std::to_string(i), 0, 1);
  const SpaceDeclaration declared = s.declaration();
  const SpaceView space(declared.view());
  Point one(10), other(10), child(10);
  one.active.assign(10, 1);
  other.active.assign(10, 1);
  other.x.assign(10, 1.0);
  Rng rng(1);
  double from_other = 0;
  for (int k = 0; k < 1000; ++k) {
    cross(space, one.row(), other.row(), rng, child.row());
    for (const double x : child.x) from_other += x;
  }
  EXPECT_NEAR(from_other, 5000, 5 * 50);  // binomial(10000, 1/2): five standard deviations, 6e-7
}

TEST(Crossover, what_neither_parent_has_is_drawn_from_the_prior) {
  SpaceBuilder s;
  const auto a = s.choice<bool>("a", {false, true});
  const auto b = s.choice<bool>("b", {false, true});
  s.when(s.is(a, true),
         [&](SpaceBuilder& in) { in.when(in.is(b, true), [](SpaceBuilder& deep) { deep.real("both", 2, 4); }); });
  const SpaceDeclaration declared = s.declaration();
  const SpaceView space(declared.view());
  Point one(3), other(3), child(3);
  one.x = {1, 0, 0};
  other.x = {0, 1, 0};
  one.active = other.active = {1, 1, 0};
  Rng rng(3);
  int with_both = 0;
  double sum = 0;
  for (int k = 0; k < 4000; ++k) {
    cross(space, one.row(), other.row(), rng, child.row());
    ASSERT_TRUE(space.contains(child.row()));
    with_both += child.active[2];
    sum += child.x[2];
  }
  EXPECT_NEAR(with_both, 1000, 5 * 27.4);              // binomial(4000, 1/4): five standard deviations, 6e-7
  EXPECT_NEAR(sum / with_both, 3.0, 5 * 0.5774 / 29);  // uniform on [2, 4], at least 860 draws
}

}  // namespace
}  // namespace nascent::samplers
