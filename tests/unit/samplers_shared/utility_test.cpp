#include "shared/utility.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/observations.hpp"

namespace nascent::samplers {
namespace {

TEST(RobustSpread, is_the_standard_deviation_of_normal_values_and_does_not_see_outliers) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(5 + 3 * normal_quantile((i + 0.5) / 1000));
  EXPECT_NEAR(robust_spread(values), 3, 0.01);
  for (int i = 0; i < 20; ++i) values.push_back(1e30);
  EXPECT_NEAR(robust_spread(values), 3, 0.15);
}

TEST(RobustSpread, falls_back_where_half_of_the_values_are_equal) {
  EXPECT_NEAR(robust_spread({1, 1, 1, 1, 1, 1, 1, 1, 1, 11}), 3, 1e-12) << "standard deviation";
  EXPECT_EQ(robust_spread({2, 2, 2}), 1);
  EXPECT_EQ(robust_spread({}), 1);
}

TEST(Utility, counts_losses_in_units_of_their_spread) {
  Utility utility(0.5, TemperatureUnit::spread, 2);
  std::vector<double> first;
  for (int i = 0; i < 9; ++i) {
    const double loss = i;
    utility.collect(std::vector{loss, 1000 * loss});
    first.push_back(loss);
  }
  const double unit = robust_spread(first);
  EXPECT_DOUBLE_EQ(utility.log_weight(std::vector{2.0, 0.0}) - utility.log_weight(std::vector{1.0, 0.0}), -0.5 / unit / 0.5);
  EXPECT_DOUBLE_EQ(utility.log_weight(std::vector{0.0, 2000.0}), utility.log_weight(std::vector{2.0, 0.0}));
}

TEST(Utility, takes_an_absolute_temperature_as_it_is) {
  Utility utility(0.1, TemperatureUnit::absolute, 1);
  for (const double loss : {1.0, 5.0, 100.0}) utility.collect(std::vector{loss});
  EXPECT_DOUBLE_EQ(utility.log_weight(std::vector{3.0}), -30);
}

TEST(Utility, has_no_spread_until_two_losses_differ) {
  Utility utility(1, TemperatureUnit::spread, 1);
  utility.collect(std::vector{2.0});
  utility.collect(std::vector{2.0});
  EXPECT_FALSE(utility.has_spread());
  EXPECT_EQ(utility.spread()[0], 1);
  utility.collect(std::vector{6.0});
  EXPECT_TRUE(utility.has_spread());
  EXPECT_NE(utility.spread()[0], 1);
}

TEST(UsableLosses, are_those_of_trials_that_completed_within_their_constraints) {
  test::History h(1, 1);
  Point p(1);
  p.active = {1};
  h.add(0, TrialState::completed, {1.5}, p, {0}).add(1, TrialState::completed, {1.5}, p, {0.1});
  h.add(2, TrialState::completed, {std::nan("")}, p, {0}).add(3, TrialState::completed, {HUGE_VAL}, p, {0});
  h.add(4, TrialState::completed, {1.5}, p, {std::nan("")});
  h.add(5, TrialState::pruned, {1.5}, p, {0}).add(6, TrialState::failed, {0}, p, {0}).add(7, TrialState::invalid, {0}, p, {0});
  const Observations all = h.view();
  EXPECT_EQ(usable_losses(all[0]), std::vector{1.5});
  for (std::size_t i = 1; i < 8; ++i) EXPECT_FALSE(usable_losses(all[i])) << i;
}

}  // namespace
}  // namespace nascent::samplers
