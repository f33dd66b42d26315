#include "nascent/forest.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/space_builder.hpp"

namespace nascent::forest {
namespace {

// Choice "kind" of three; "depth" where it is the second; number "x".
SpaceDeclaration space_with_a_condition() {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"a", "b", "c"});
  s.when(s.is(kind, "b"), [](SpaceBuilder& in) { in.integer("depth", 1, 8); });
  s.real("x", 0, 1);
  return s.declaration();
}

TEST(Features, an_ordinal_stands_in_the_middle_of_its_prior_mass) {
  SpaceBuilder s;
  s.ordinal<std::int64_t>("even", {1, 2, 3});
  s.ordinal<std::int64_t>("weighted", {1, 2, 3, 4}, {1, 0, 2, 5});
  const SpaceDeclaration space = s.declaration();
  const Features features{SpaceView(space.view())};
  for (std::size_t i = 0; i < 2; ++i) {
    const ParamView p = SpaceView(space.view())[i];
    for (std::uint64_t k = 0; k < p.levels(); ++k) EXPECT_DOUBLE_EQ(features.value(i, p.level(k)), p.cdf(p.level(k)));
  }
  EXPECT_DOUBLE_EQ(features.value(1, 3), (3 + 2.5) / 8);
}

class GrownForest : public testing::Test {
 protected:
  // Learns `target` at `n` draws from the prior.
  template <class Target>
  Forest grown(std::size_t n, const Target& target, const Settings& settings = {}, std::uint64_t seed = 1) const {
    std::vector<double> values, targets;
    for (std::size_t t = 0; t < n; ++t) {
      const Point p = draw(t);
      const auto row = encoded(p);
      values.insert(values.end(), row.begin(), row.end());
      targets.push_back(target(p));
    }
    return {Table(features_, values), targets, settings, seed};
  }
  [[nodiscard]] Point draw(std::uint64_t t) const {
    Rng rng(5, t);
    Point p(space_.size());
    SpaceView(space_.view()).sample(rng, p.row());
    return p;
  }
  [[nodiscard]] std::vector<double> encoded(const Point& p) const {
    std::vector<double> row(features_.size());
    features_.encode(p.row(), row);
    return row;
  }

 private:
  SpaceDeclaration space_ = space_with_a_condition();
  Features features_{SpaceView(space_.view())};
};

double by_kind(const Point& p) { return p.x[0] == 1 ? 5 : -1; }
double by_depth(const Point& p) { return p.active[1] != 0 ? p.x[1] : 0; }
double by_all(const Point& p) { return by_kind(p) + by_depth(p) + std::sin(6 * p.x[2]); }

TEST_F(GrownForest, knows_exactly_what_one_choice_decides) {
  const Forest forest = grown(60, by_kind);
  for (std::uint64_t t = 100; t < 150; ++t) {
    const Prediction p = forest.predict(encoded(draw(t)));
    EXPECT_DOUBLE_EQ(p.mean, by_kind(draw(t)));
    EXPECT_NEAR(p.variance, 0, 1e-12);
  }
}

TEST_F(GrownForest, a_constant_target_needs_no_question) {
  const Forest forest = grown(20, [](const Point&) { return 3.0; });
  for (const Tree& tree : forest.trees()) EXPECT_EQ(tree.nodes().size(), 1U);
  EXPECT_EQ(forest.predict(encoded(draw(99))).mean, 3);
}

TEST_F(GrownForest, an_inactive_parameter_is_never_asked_about) {
  const Forest forest = grown(200, by_all);
  int inactive = 0;
  for (std::uint64_t t = 300; t < 400; ++t) {
    const Point p = draw(t);
    if (p.active[1] != 0) continue;
    ++inactive;
    auto row = encoded(p);
    const Prediction expected = forest.predict(row);
    for (const double anything : {-1.0, 0.3, 0.7, 2.0}) {
      row[1] = anything;
      EXPECT_EQ(forest.predict(row).mean, expected.mean);
    }
  }
  EXPECT_GT(inactive, 0);
}

TEST_F(GrownForest, an_active_conditional_parameter_is_asked_about) {
  const Forest forest = grown(200, by_depth);
  Point shallow = draw(0), deep = shallow;
  shallow.x = {1, 1, 0.5};
  deep.x = {1, 8, 0.5};
  shallow.active = deep.active = {1, 1, 1};
  EXPECT_NEAR(forest.predict(encoded(shallow)).mean, 1, 0.5);
  EXPECT_NEAR(forest.predict(encoded(deep)).mean, 8, 0.5);
}

TEST_F(GrownForest, the_variance_is_that_of_the_mixture_of_leaves) {
  const Forest forest = grown(100, by_all, {.n_trees = 7, .tree = {.leaf_min = 5}});
  for (std::uint64_t t = 200; t < 220; ++t) {
    const auto row = encoded(draw(t));
    double first = 0, second = 0;  // moments of the mixture
    for (const Tree& tree : forest.trees()) {
      const Node& leaf = tree.leaf_of(row);
      EXPECT_EQ(&leaf, &tree.nodes()[tree.leaf_index(row)]);
      first += leaf.mean / 7;
      second += (leaf.variance + leaf.mean * leaf.mean) / 7;
    }
    const Prediction p = forest.predict(row);
    EXPECT_NEAR(p.mean, first, 1e-12);
    EXPECT_NEAR(p.variance, second - first * first, 1e-9);
  }
}

TEST_F(GrownForest, is_decided_by_its_seed) {
  const auto row = encoded(draw(77));
  EXPECT_EQ(grown(50, by_all).predict(row).mean, grown(50, by_all).predict(row).mean);
  EXPECT_NE(grown(50, by_all).predict(row).mean, grown(50, by_all, {}, 2).predict(row).mean);
}

TEST_F(GrownForest, predicts_a_smooth_function_between_the_rows) {
  const Forest forest = grown(400, by_all);
  double error = 0, spread = 0;
  for (std::uint64_t t = 500; t < 700; ++t) {
    error += std::pow(forest.predict(encoded(draw(t))).mean - by_all(draw(t)), 2);
    spread += std::pow(by_all(draw(t)) - 2.5, 2);
  }
  EXPECT_LT(error, 0.02 * spread);
}

}  // namespace
}  // namespace nascent::forest
