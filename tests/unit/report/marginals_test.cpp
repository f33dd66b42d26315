#include "report/marginals.hpp"

#include <gtest/gtest.h>

#include <nascent/space_builder.hpp>

namespace nascent::core::report {
namespace {

Configuration row(std::vector<double> x, std::vector<std::uint8_t> active) { return {std::move(x), std::move(active)}; }

StudySpace branching() {
  nascent::SpaceBuilder s;
  const auto kind = s.choice("kind", {"plain", "rich"}, {3, 1});
  s.when(s.is(kind, "rich"), [](nascent::SpaceBuilder& in) { in.integer("depth", 1, 3); });
  s.real("rate", 1e-4, 1, {.scale = nascent::Scale::log});
  return StudySpace(s.declaration());
}

// Quantiles of the Beta distribution by R 4.2, qbeta().
TEST(Marginals, are_beta_distributed_around_the_prior) {
  const StudySpace space = branching();
  WeightedRows good;
  good.rows = {row({1, 2, 0.5}, {1, 1, 1}), row({0, 0, 0.5}, {1, 0, 1})};
  good.weights = {4, 1};
  good.n_effective = 10;
  const auto all = marginals(space, good, {});
  ASSERT_EQ(all.size(), 3U);
  const ValuePosterior& rich = all[0].values[1];
  EXPECT_EQ(rich.text, "rich");
  EXPECT_DOUBLE_EQ(rich.prior, 0.25);
  EXPECT_DOUBLE_EQ(rich.posterior, 8.25 / 11);
  EXPECT_NEAR(rich.low, 0.5198664701, 1e-9);
  EXPECT_NEAR(rich.high, 0.9266685440, 1e-9);
  EXPECT_FALSE(rich.good.has_value()) << "what a draw is a part of is not known";
}

TEST(Marginals, without_rows_are_the_prior_and_know_nothing) {
  const auto all = marginals(branching(), {}, {});
  EXPECT_DOUBLE_EQ(all[0].values[1].posterior, 0.25);
  EXPECT_NEAR(all[0].values[1].low, 9.512588448e-06, 1e-12);
  EXPECT_NEAR(all[0].values[1].high, 0.9118445135, 1e-9);
}

TEST(Marginals, of_a_conditional_parameter_are_given_that_it_is_active) {
  WeightedRows good;
  good.rows = {row({1, 2, 0.5}, {1, 1, 1}), row({0, 0, 0.5}, {1, 0, 1})};
  good.weights = {1, 1};
  good.n_effective = 1000;
  const ParameterPosterior depth = marginals(branching(), good, {})[1];
  ASSERT_TRUE(depth.active.has_value());
  EXPECT_NEAR(depth.active->prior, 0.25, 0.02);  // of 20,000 draws: 6 standard errors
  EXPECT_NEAR(depth.active->posterior, 0.5, 0.01);
  ASSERT_EQ(depth.values.size(), 3U);
  EXPECT_NEAR(depth.values[1].posterior, 1, 0.01) << "though half of the rows do not have it";
}

TEST(Marginals, of_numbers_are_by_quarters_of_the_prior) {
  WeightedRows good;
  for (const double rate : {2e-4, 5e-4, 0.005, 0.5}) {
    good.rows.push_back(row({0, 0, rate}, {1, 0, 1}));
    good.weights.push_back(1);
  }
  good.n_effective = 1e6;
  const ParameterPosterior rate = marginals(branching(), good, {})[2];
  ASSERT_EQ(rate.values.size(), 4U);
  EXPECT_EQ(rate.values[0].text, "0.0001 to 0.001");
  for (const ValuePosterior& v : rate.values) EXPECT_NEAR(v.prior, 0.25, 1e-9);
  EXPECT_NEAR(rate.values[0].posterior, 0.5, 1e-5);
  EXPECT_NEAR(rate.values[1].posterior, 0.25, 1e-5);
  EXPECT_NEAR(rate.values[2].posterior, 0, 1e-5);
}

TEST(Marginals, many_levels_are_quarters_whose_prior_is_exact) {
  nascent::SpaceBuilder s;
  s.integer("width", 1, 99);
  s.integer("skewed", 0, 40, {.normal = nascent::NormalPrior{0, 0.1}});
  const auto all = marginals(StudySpace(s.declaration()), {}, {});
  double sum = 0;
  for (const ValuePosterior& v : all[0].values) {
    EXPECT_NEAR(v.prior, 0.25, 0.01) << v.text;
    sum += v.prior;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  ASSERT_EQ(all[1].values.size(), 1U) << "nearly all of it is one level";
  EXPECT_NEAR(all[1].values[0].prior, 1, 1e-12);
}

TEST(Marginals, say_how_probable_it_is_to_be_good_by_bayes) {
  WeightedRows good;
  good.rows = {row({1, 2, 0.5}, {1, 1, 1})};
  good.weights = {1};
  good.n_effective = 1e9;
  good.good_share = 0.1;
  const auto all = marginals(branching(), good, {});
  EXPECT_NEAR(*all[0].values[1].good, 0.1 / 0.25, 1e-6) << "all good ones are rich, a quarter of all is";
  EXPECT_NEAR(*all[0].values[0].good, 0, 1e-6);
  EXPECT_NEAR(*all[1].values[1].good, 1, 0.25) << "1/12 of the prior has depth 2, fewer than are good";
}

TEST(Marginals, list_the_most_frequent_of_a_million_choices) {
  std::vector<std::int64_t> values(1000000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  nascent::SpaceBuilder s;
  s.choice("c", values);
  WeightedRows good;
  good.rows = {row({700000}, {1}), row({5}, {1})};
  good.weights = {3, 1};
  good.n_effective = 1e6;
  const auto all = marginals(StudySpace(s.declaration()), good, {.values_max = 4});
  ASSERT_EQ(all[0].values.size(), 4U);
  EXPECT_EQ(all[0].values[3].text, "999997 others");
  EXPECT_NEAR(all[0].values[3].prior, 1, 1e-5);
  const auto heavy = std::ranges::find(all[0].values, "700000", &ValuePosterior::text);
  ASSERT_NE(heavy, all[0].values.end());
  EXPECT_NEAR(heavy->posterior, 0.75, 1e-5);
}

TEST(Marginals, leave_out_what_cannot_vary) {
  nascent::SpaceBuilder s;
  s.choice("only", {"one"});
  s.real("fixed", 2, 2);
  s.real("free", 0, 1);
  const auto all = marginals(StudySpace(s.declaration()), {}, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "free");
}

}  // namespace
}  // namespace nascent::core::report
