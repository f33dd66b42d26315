// Whole configurations: activity, sampling, repair, containment.
#include <gtest/gtest.h>

#include <cmath>

#include "support/spaces.hpp"

namespace nascent {
namespace {

// a -> b (a = 1) -> c (b > 2), and d active when a = 0 or b = 1.
SpaceDeclaration chain() {
  Parameter a, b, c, d;
  a.name = "a";
  a.kind = ParameterKind::categorical;
  a.choices = {std::int64_t{0}, std::int64_t{1}};
  b.name = "b";
  b.kind = ParameterKind::integer;
  b.lo = 1;
  b.hi = 4;
  b.conditions = {{0, "a", NAS_OP_EQ, 1}};
  c.name = "c";
  c.hi = 1;
  c.conditions = {{0, "b", NAS_OP_GT, 2}};
  d.name = "d";
  d.hi = 1;
  d.conditions = {{0, "a", NAS_OP_NE, 1}, {1, "b", NAS_OP_LT, 2}};
  return SpaceDeclaration({a, b, c, d});
}

std::vector<std::uint8_t> active(const SpaceDeclaration& space, std::vector<double> x) {
  Point p(x.size());
  p.x = std::move(x);
  SpaceView(space.view()).activate(p.row());
  return p.active;
}

TEST(SpaceView, conditions_chain_and_groups_are_alternatives) {
  const SpaceDeclaration space = chain();
  using Mask = std::vector<std::uint8_t>;
  EXPECT_EQ(active(space, {0, 4, 0.5, 0.5}), (Mask{1, 0, 0, 1})) << "a condition on an inactive parent is false";
  EXPECT_EQ(active(space, {1, 4, 0.5, 0.5}), (Mask{1, 1, 1, 0}));
  EXPECT_EQ(active(space, {1, 2, 0.5, 0.5}), (Mask{1, 1, 0, 0}));
  EXPECT_EQ(active(space, {1, 1, 0.5, 0.5}), (Mask{1, 1, 0, 1}));
}

TEST(SpaceView, inactive_values_become_zero) {
  const SpaceDeclaration space = chain();
  Point p(4);
  p.x = {0, 4, 0.5, 0.5};
  SpaceView(space.view()).activate(p.row());
  EXPECT_EQ(p.x, (std::vector<double>{0, 0, 0, 0.5}));
}

TEST(SpaceView, samples_are_contained_and_repeat_with_the_generator) {
  const SpaceDeclaration space = test::mixed_space();
  const SpaceView view(space.view());
  for (std::uint64_t t = 0; t < 3000; ++t) {
    Point a(view.size()), b(view.size());
    std::fill(b.x.begin(), b.x.end(), 99);  // what was there before does not matter
    std::fill(b.active.begin(), b.active.end(), 1);
    Rng first(4, t), second(4, t);
    view.sample(first, a.row());
    view.sample(second, b.row());
    ASSERT_EQ(a, b);
    ASSERT_TRUE(view.contains(a.row()));
    ASSERT_TRUE(std::isfinite(view.log_prior(a.row())));
  }
}

TEST(SpaceView, a_draw_of_one_parameter_does_not_shift_with_the_activity_of_another) {
  const SpaceDeclaration space = chain();
  const SpaceView view(space.view());
  for (std::uint64_t t = 0; t < 200; ++t) {
    Rng rng(8, t);
    Point p(4);
    view.sample(rng, p.row());
    Rng again(8, t);
    double u = 0;
    for (int i = 0; i < 4; ++i) u = again.uniform();
    if (p.active[3] != 0) {
      ASSERT_EQ(p.x[3], view[3].quantile(u));
    }
  }
}

TEST(SpaceView, repair_keeps_what_was_active_and_draws_what_became_so) {
  const SpaceDeclaration space = chain();
  const SpaceView view(space.view());
  Rng rng(1);
  Point p(4);
  p.x = {1, 3, 0.25, 0};
  p.active = {1, 1, 1, 0};
  p.x[0] = 0;  // b and c leave, d comes
  view.repair(rng, p.row());
  EXPECT_EQ(p.active, (std::vector<std::uint8_t>{1, 0, 0, 1}));
  EXPECT_EQ(p.x[1], 0);
  EXPECT_GT(p.x[3], 0);
  const double d = p.x[3];
  view.repair(rng, p.row());
  EXPECT_EQ(p.x[3], d) << "nothing changed, nothing drawn";
  EXPECT_TRUE(view.contains(p.row()));
}

TEST(SpaceView, contains_refuses_wrong_masks_and_values) {
  const SpaceDeclaration space = chain();
  const SpaceView view(space.view());
  Point p(4);
  p.x = {1, 3, 0.25, 0};
  p.active = {1, 1, 1, 0};
  EXPECT_TRUE(view.contains(p.row()));
  Point wrong = p;
  wrong.active[3] = 1;
  EXPECT_FALSE(view.contains(wrong.row()));
  wrong = p;
  wrong.x[1] = 3.5;
  EXPECT_FALSE(view.contains(wrong.row()));
  wrong = p;
  wrong.x[2] = std::nan("");
  EXPECT_FALSE(view.contains(wrong.row()));
}

TEST(SpaceView, log_prior_adds_up_the_active_parameters) {
  const SpaceDeclaration space = chain();
  const SpaceView view(space.view());
  Point p(4);
  p.x = {1, 3, 0.25, 0};
  p.active = {1, 1, 1, 0};
  EXPECT_NEAR(view.log_prior(p.row()), std::log(0.5) + std::log(0.25) + 0, 1e-12);
}

TEST(SpaceView, finds_parameters_by_name_and_walks_with_the_stride) {
  const SpaceDeclaration space = chain();
  struct Longer {
    nas_param param;
    double newer_field;
  };
  std::vector<Longer> longer;
  for (std::size_t i = 0; i < 4; ++i) longer.push_back({SpaceView(space.view()).param(i), 7});
  nas_space raw = *space.view();
  raw.params = &longer[0].param;
  raw.param_stride = sizeof(Longer);
  const SpaceView view(&raw);
  EXPECT_EQ(view.find("c"), 2U);
  EXPECT_EQ(view.find("nobody"), 4U);
  EXPECT_EQ(view[3].name(), "d");
  EXPECT_EQ(SpaceView().size(), 0U);
}

}  // namespace
}  // namespace nascent
