#include "schedule.hpp"

#include <gtest/gtest.h>

namespace {

using nascent::libtorch::learning_rate;
using nascent::libtorch::ScheduleKind;
using nascent::libtorch::ScheduleSettings;

TEST(Schedule, one_cycle_rises_from_a_25th_and_falls_to_almost_nothing) {
  const ScheduleSettings s{ScheduleKind::one_cycle, 2.0, 0.25};
  EXPECT_DOUBLE_EQ(learning_rate(s, 0), 2.0 / 25);
  EXPECT_DOUBLE_EQ(learning_rate(s, 0.25), 2.0);
  EXPECT_NEAR(learning_rate(s, 0.625), 1.0001, 1e-9);
  EXPECT_NEAR(learning_rate(s, 1), 2e-4, 1e-12);
}

TEST(Schedule, cosine_falls_to_zero_after_a_linear_warm_up) {
  const ScheduleSettings s{ScheduleKind::cosine, 1.0, 0.2};
  EXPECT_DOUBLE_EQ(learning_rate(s, 0.1), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 0.2), 1.0);
  EXPECT_NEAR(learning_rate(s, 0.6), 0.5, 1e-12);
  EXPECT_NEAR(learning_rate(s, 1), 0, 1e-12);
}

TEST(Schedule, steps_multiply_by_the_factor) {
  const ScheduleSettings s{ScheduleKind::step, 1.0, 0.0, 0.3, 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(s, 0.29), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(s, 0.31), 0.1);
  EXPECT_NEAR(learning_rate(s, 0.95), 1e-3, 1e-15);
}

TEST(Schedule, constant_without_warm_up_never_changes) {
  const ScheduleSettings s{ScheduleKind::constant, 0.5, 0.0};
  for (const double t : {0.0, 0.5, 1.0, 7.0}) EXPECT_DOUBLE_EQ(learning_rate(s, t), 0.5);
}

TEST(Schedule, beyond_the_end_it_stays_at_its_last_value) {
  const ScheduleSettings s{ScheduleKind::one_cycle, 1.0, 0.2};
  EXPECT_DOUBLE_EQ(learning_rate(s, 1.5), learning_rate(s, 1));
}

}  // namespace
