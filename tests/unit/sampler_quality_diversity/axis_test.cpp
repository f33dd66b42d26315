#include "quality-diversity/axis.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace nascent::quality_diversity {
namespace {

TEST(Axis, fixed_ends_make_cells_of_equal_width_and_the_outermost_take_what_lies_beyond) {
  const Axis axis({.metric = "size", .cells = 4, .min = 10, .max = 50}, {});
  EXPECT_FALSE(axis.is_log());
  EXPECT_EQ(axis.cell(10), 0U);
  EXPECT_EQ(axis.cell(19.9), 0U);
  EXPECT_EQ(axis.cell(20), 1U);
  EXPECT_EQ(axis.cell(49.9), 3U);
  EXPECT_EQ(axis.cell(50), 3U);
  EXPECT_EQ(axis.cell(-1e300), 0U);
  EXPECT_EQ(axis.cell(1e300), 3U);
}

TEST(Axis, a_range_of_two_orders_of_magnitude_is_logarithmic_unless_said_otherwise) {
  const std::vector<double> wide{1, 10, 100}, narrow{1, 10, 99}, signed_range{-1, 10, 100};
  const Axis axis({.metric = "size", .cells = 2}, wide);
  EXPECT_TRUE(axis.is_log());
  EXPECT_EQ(axis.cell(9.99), 0U);
  EXPECT_EQ(axis.cell(10.01), 1U);
  EXPECT_EQ(axis.cell(0), 0U);
  EXPECT_EQ(axis.cell(-3), 0U);
  EXPECT_FALSE(Axis({.metric = "size"}, narrow).is_log());
  EXPECT_FALSE(Axis({.metric = "size"}, signed_range).is_log());
  EXPECT_FALSE(Axis({.metric = "size", .scale = Scale::linear}, wide).is_log());
  EXPECT_TRUE(Axis({.metric = "size", .scale = Scale::log}, narrow).is_log());
  EXPECT_TRUE(Axis({.metric = "size", .min = 1, .max = 1000}, {}).is_log());
}

TEST(Axis, an_end_that_is_not_fixed_is_the_outermost_value_that_is_no_far_outlier) {
  std::vector<double> seen;
  for (int i = 0; i <= 40; ++i) seen.push_back(10 + i);  // quartiles 20 and 40: fences -40 and 100
  seen.push_back(99);
  const Axis without({.metric = "size"}, seen);
  EXPECT_EQ(without.min(), 10);
  EXPECT_EQ(without.max(), 99);
  seen.back() = 900;
  EXPECT_EQ(Axis({.metric = "size"}, seen).max(), 50) << "the scale may be anything: 90 times the smallest";
  EXPECT_EQ(Axis({.metric = "size", .max = 900}, seen).max(), 900);
  EXPECT_EQ(Axis({.metric = "size", .min = 0}, seen).min(), 0);
}

TEST(Axis, where_half_of_the_values_are_equal_all_count) {
  const Axis axis({.metric = "size"}, {5, 5, 5, 5, 5, 5, 9});
  EXPECT_EQ(axis.min(), 5);
  EXPECT_EQ(axis.max(), 9);
}

TEST(Axis, of_one_value_or_none_everything_falls_into_the_first_cell) {
  for (const auto& seen : {std::vector<double>{}, {7.0}, {7.0, 7.0}}) {
    const Axis axis({.metric = "size"}, seen);
    for (const double value : {-1e9, 0.0, 7.0, 8.0}) EXPECT_EQ(axis.cell(value), 0U);
  }
}

TEST(Axis, a_log_scale_learns_from_positive_values_only) {
  const Axis axis({.metric = "size", .cells = 2, .scale = Scale::log}, {-5, 0, 1, 100});
  EXPECT_NEAR(axis.min(), 1, 1e-12);
  EXPECT_NEAR(axis.max(), 100, 1e-9);
  EXPECT_EQ(axis.cell(-5), 0U);
  EXPECT_EQ(axis.cell(11), 1U);
  EXPECT_EQ(Axis({.metric = "size", .scale = Scale::log}, {-5, 0}).cell(1e9), 0U) << "nothing positive was seen";
  const Axis half({.metric = "size", .cells = 2, .min = 1}, {-5, 0, 10, 100});
  EXPECT_TRUE(half.is_log());
  EXPECT_EQ(half.cell(-5), 0U);
}

TEST(Axis, the_largest_doubles_have_a_cell) {
  constexpr double kMax = std::numeric_limits<double>::max();
  const Axis axis({.metric = "size", .cells = 3, .min = -kMax, .max = kMax}, {});
  EXPECT_EQ(axis.cell(-kMax), 0U);
  EXPECT_EQ(axis.cell(0), 1U);
  EXPECT_EQ(axis.cell(kMax), 2U);
  const Axis learnt({.metric = "size", .cells = 3}, {-kMax, 0, kMax});
  EXPECT_EQ(learnt.cell(-kMax), 0U);
  EXPECT_EQ(learnt.cell(kMax), 2U);
}

}  // namespace
}  // namespace nascent::quality_diversity
