#include "cmaes/margin.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nascent::cmaes {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Margin, equals_an_independent_implementation) {
  // python3-cmaes 0.9.1, CMAwM with margin 0.02 on the integers 0 .. 4.
  const Marginal narrow = with_margin({2.2, 0.05}, {1.5, 2.5}, 0.02);
  EXPECT_NEAR(narrow.mean, 2.0, 1e-9);
  EXPECT_NEAR(narrow.deviation, 0.21492916239199658, 1e-9);
  const Marginal skewed = with_margin({2.35, 0.1}, {1.5, 2.5}, 0.02);
  EXPECT_NEAR(skewed.mean, 2.1072685764784005, 1e-9);
  EXPECT_NEAR(skewed.deviation, 0.2610394529789656, 1e-9);
  const Marginal lowest = with_margin({0.1, 0.05}, {-kInfinity, 0.5}, 0.02);
  EXPECT_NEAR(lowest.mean, 0.39731255446840885, 1e-9);
  EXPECT_EQ(lowest.deviation, 0.05);
  const Marginal highest = with_margin({3.9, 0.01}, {3.5, kInfinity}, 0.02);
  EXPECT_NEAR(highest.mean, 3.520537489106318, 1e-9);
  EXPECT_EQ(highest.deviation, 0.01);
}

TEST(Margin, afterwards_every_cell_is_left_with_the_margin_at_least) {
  for (const double deviation : {1e-6, 0.01, 0.1, 0.5, 3.0}) {
    for (double mean = 1.5 + 1e-6; mean < 2.5; mean += 0.05) {
      for (const double margin : {0.25, 0.02, 1e-4}) {
        for (const Cell cell : {Cell{1.5, 2.5}, Cell{-kInfinity, 2.5}, Cell{1.5, kInfinity}}) {
          const Marginal m = with_margin({mean, deviation}, cell, margin);
          EXPECT_GE(probability_outside(m, cell), margin * (1 - 1e-6)) << mean << ' ' << deviation << ' ' << margin;
        }
      }
    }
  }
}

TEST(Margin, what_leaves_its_cell_often_enough_is_not_changed) {
  const Marginal m = with_margin({2.1, 0.4}, {1.5, 2.5}, 0.02);
  EXPECT_EQ(m.mean, 2.1);
  EXPECT_EQ(m.deviation, 0.4);
  const Marginal free = with_margin({7, 1e-3}, {-kInfinity, kInfinity}, 0.02);
  EXPECT_EQ(free.mean, 7);
  EXPECT_EQ(free.deviation, 1e-3);
}

}  // namespace
}  // namespace nascent::cmaes
