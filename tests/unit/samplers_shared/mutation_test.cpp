#include "shared/mutation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "support/spaces.hpp"

namespace nascent::samplers {
namespace {

SpaceDeclaration one(const std::function<void(SpaceBuilder&)>& declare) {
  SpaceBuilder s;
  declare(s);
  return s.declaration();
}

TEST(Mutation, a_choice_becomes_each_other_possible_one_equally_often) {
  const auto space = one([](SpaceBuilder& s) { s.choice("c", {"a", "b", "never", "d", "e"}, {1, 5, 0, 1, 1}); });
  const ParamView param = SpaceView(space.view())[0];
  Rng rng(3);
  std::map<double, int> seen;
  for (int i = 0; i < 3000; ++i) ++seen[mutate(param, 1, 0.2, rng)];
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen.count(1), 0U) << "never the current one";
  EXPECT_EQ(seen.count(2), 0U) << "never one of weight 0";
  // Binomial(3000, 1/3): sd 25.8; 5.5 sd to either side, three counts: fails by chance once in 10^7 seeds.
  for (const auto& [value, n] : seen) EXPECT_NEAR(n, 1000, 142) << value;
}

TEST(Mutation, of_very_many_choices_the_few_possible_ones_come_equally_often) {
  std::vector<std::int64_t> values(3000);
  std::iota(values.begin(), values.end(), 0);
  std::vector<double> weights(3000);
  for (std::size_t k : {5U, 700U, 1500U, 2999U}) weights[k] = static_cast<double>(k);
  const auto space = one([&](SpaceBuilder& s) { s.choice<std::int64_t>("c", values, weights); });
  const ParamView param = SpaceView(space.view())[0];
  Rng rng(13);
  std::map<double, int> seen;
  for (int i = 0; i < 3000; ++i) ++seen[mutate(param, 700, 0.2, rng)];
  EXPECT_EQ(seen.size(), 3U);
  // As above: fails by chance once in 10^7 seeds.
  for (const double k : {5, 1500, 2999}) EXPECT_NEAR(seen[k], 1000, 142) << k;
}

TEST(Mutation, a_number_steps_by_sigma_on_its_scale) {
  const auto space = one([](SpaceBuilder& s) { s.real("x", 1e-6, 1e6, {.scale = Scale::log}); });
  const ParamView param = SpaceView(space.view())[0];
  Rng rng(5);
  const int n = 20000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double step = std::log(mutate(param, 1.0, 0.05, rng)) / std::log(1e12);  // share of the range
    sum += step;
    squares += step * step;
  }
  // Standard errors: 0.05/sqrt(n) = 3.5e-4 and 0.05/sqrt(2n) = 2.5e-4; bounds at 6 of them (2e-9).
  EXPECT_NEAR(sum / n, 0, 0.0022);
  EXPECT_NEAR(std::sqrt(squares / n), 0.05, 0.0015);
}

TEST(Mutation, stays_inside_the_bounds_with_steps_larger_than_the_range) {
  const auto space = one([](SpaceBuilder& s) { s.real("x", -1, 3); });
  const ParamView param = SpaceView(space.view())[0];
  Rng rng(7);
  for (int i = 0; i < 2000; ++i) {
    const double x = mutate(param, 3.0, 5.0, rng);
    ASSERT_TRUE(param.contains(x)) << x;
  }
}

TEST(Mutation, a_whole_number_always_changes_to_a_whole_number) {
  const auto space = one([](SpaceBuilder& s) { s.integer("i", 1, 4); });
  const ParamView param = SpaceView(space.view())[0];
  Rng rng(11);
  for (int i = 0; i < 1000; ++i) {
    const double from = 1 + static_cast<double>(rng.below(4));
    const double to = mutate(param, from, 0.01, rng);
    ASSERT_TRUE(param.contains(to));
    ASSERT_NE(to, from);
  }
}

TEST(Mutation, an_ordinal_skips_choices_of_weight_0) {
  const auto space = one([](SpaceBuilder& s) { s.ordinal<std::int64_t>("o", {1, 2, 3, 4}, {1, 0, 0, 1}); });
  const ParamView param = SpaceView(space.view())[0];
  Rng rng(13);
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(mutate(param, 0, 0.05, rng), 3);
    ASSERT_EQ(mutate(param, 3, 0.05, rng), 0);
  }
}

TEST(Mutation, a_parameter_of_one_value_stays) {
  const auto space = one([](SpaceBuilder& s) {
    s.choice("c", {"only"});
    s.integer("i", 4, 4);
    s.real("x", 0.5, 0.5);
  });
  const SpaceView view(space.view());
  Rng rng(17);
  EXPECT_EQ(mutate(view[0], 0, 0.2, rng), 0);
  EXPECT_EQ(mutate(view[1], 4, 0.2, rng), 4);
  EXPECT_EQ(mutate(view[2], 0.5, 0.2, rng), 0.5);
  Point point(3);
  point.x = {0, 4, 0.5};
  point.active = {1, 1, 1};
  const Point before = point;
  mutate(view, point.row(), {3, 0.2}, rng);
  EXPECT_EQ(point, before);
}

TEST(Mutation, children_obey_bounds_and_conditions_and_differ_from_their_parent) {
  const SpaceDeclaration space = test::mixed_space();
  const SpaceView view(space.view());
  Rng rng(19);
  for (int i = 0; i < 5000; ++i) {
    Point parent(view.size());
    view.sample(rng, parent.row());
    Point child = parent;
    mutate(view, child.row(), {1 + rng.below(4), 0.2}, rng);
    ASSERT_TRUE(view.contains(child.row())) << i;
    ASSERT_NE(child, parent) << i;
  }
}

TEST(Mutation, changes_at_most_parameters_max_of_the_parameters_that_stay_active) {
  SpaceBuilder s;
  for (int i = 0; i < 8; ++i) s.integer("p" + std::to_string(i), 0, 9);
  const SpaceDeclaration space = s.declaration();
  const SpaceView view(space.view());
  Rng rng(23);
  std::map<int, int> counts;
  for (int i = 0; i < 3000; ++i) {
    Point parent(8);
    view.sample(rng, parent.row());
    Point child = parent;
    mutate(view, child.row(), {3, 0.2}, rng);
    int changed = 0;
    for (std::size_t k = 0; k < 8; ++k) changed += child.x[k] != parent.x[k] ? 1 : 0;
    ++counts[changed];
  }
  EXPECT_EQ(counts.size(), 3U);
  for (const int k : {1, 2, 3}) EXPECT_NEAR(counts[k], 1000, 142) << k;  // as above: 10^-7
}

}  // namespace
}  // namespace nascent::samplers
