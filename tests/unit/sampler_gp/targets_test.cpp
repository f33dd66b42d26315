#include "gp/targets.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nascent::gp {
namespace {

ToldList told(const std::vector<Told>& trials) {
  ToldList all;
  for (const Told& t : trials) all.push_back(std::make_shared<const Told>(t));
  return all;
}
Told completed(double value) { return {.state = State::completed, .values = {value}}; }

TEST(StandardisedObjective, has_mean_0_and_deviation_1_and_the_order_of_the_values) {
  const std::vector<double> values{3, -1, 4, 1, 5, 9, 2.6};
  const Vector y = standardised_objective(values);
  EXPECT_NEAR(y.mean(), 0, 1e-14);
  EXPECT_NEAR(y.squaredNorm() / 7, 1, 1e-14);
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 7; ++j) {
      EXPECT_EQ(values[i] < values[j], y[static_cast<Index>(i)] < y[static_cast<Index>(j)]);
    }
  }
}

TEST(StandardisedObjective, does_not_depend_on_the_unit) {
  const std::vector<double> values{3, -1, 4, 1, 5, 9, 2.6};
  std::vector<double> scaled;
  for (const double v : values) scaled.push_back(1e6 * v - 4e5);
  EXPECT_LT((standardised_objective(values) - standardised_objective(scaled)).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(StandardisedObjective, one_diverged_trial_counts_for_one) {
  std::vector<double> values{3, -1, 4, 1, 5, 9, 2.6, 1e9}, worse = values;
  worse.back() = 1.7e308;
  EXPECT_LT((standardised_objective(values) - standardised_objective(worse)).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_GT(standardised_objective(values)[0] - standardised_objective(values)[1], 0.3) << "the others stay apart";
}

TEST(StandardisedObjective, normal_values_are_left_as_they_are) {
  std::vector<double> values;
  for (int i = 0; i < 99; ++i) values.push_back(normal_quantile((i + 0.5) / 99));
  const Vector y = standardised_objective(values);
  EXPECT_NEAR(y[49] - y[48], y[60] - y[59], 0.01) << "near the middle equal steps stay equal";
  EXPECT_NEAR(y[0], -y[98], 1e-9);
}

TEST(StandardisedObjective, equal_values_are_0_whatever_they_are) {
  for (const double v : {0.0, 5.0, -1e300}) EXPECT_EQ(standardised_objective({v, v, v}), Vector::Zero(3));
  EXPECT_EQ(standardised_objective({7}), Vector::Zero(1));
}

TEST(StandardisedConstraint, keeps_which_side_of_the_threshold_a_value_is_on) {
  const std::vector<double> values{-3, 0, 1e-9, -1e-9, HUGE_VAL, 40, -1e300};
  const auto [y, threshold] = standardised_constraint(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(y[static_cast<Index>(i)] <= threshold, values[i] <= 0) << values[i];
  }
}

TEST(Lessons, a_pruned_trial_is_no_better_than_the_median_and_a_failed_one_no_lesson_of_the_objective) {
  Told pruned = completed(-50), failed;
  pruned.state = State::pruned;
  failed.values = {0};
  const ToldList trials = told({completed(1), failed, pruned, completed(2), completed(3)});
  const std::vector<Lesson> all = lessons(trials, 1, 0);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].rows, (std::vector<std::size_t>{0, 2, 3, 4}));
  EXPECT_EQ(all[0].targets[1], all[0].targets[2]) << "as the median, 2";
  EXPECT_EQ(all[1].rows.size(), 5U);
  EXPECT_GT(all[1].targets[1], all[1].threshold);
  EXPECT_LE(all[1].targets[2], all[1].threshold) << "a pruned trial did not fail";
  EXPECT_EQ(lessons(told({completed(1), pruned}), 1, 0).size(), 1U) << "without failures no lesson about them";
}

}  // namespace
}  // namespace nascent::gp
