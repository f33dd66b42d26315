#include "extrapolation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/rng.hpp"

namespace nascent::curve {
namespace {

TEST(StudentCdf, agrees_with_closed_forms_and_tables) {
  EXPECT_NEAR(student_cdf(1, 1), 0.75, 1e-15);
  EXPECT_NEAR(student_cdf(std::sqrt(2.0), 2), 0.5 + 0.5 / std::sqrt(2.0), 1e-15);
  EXPECT_NEAR(student_cdf(2.570581836, 5), 0.975, 1e-9);
  EXPECT_NEAR(student_cdf(2.228138852, 10), 0.975, 1e-9);
  EXPECT_NEAR(student_cdf(1.697260887, 30), 0.95, 1e-9);
  for (const std::size_t df : {1U, 2U, 7U, 66U}) {
    EXPECT_EQ(student_cdf(0, df), 0.5);
    EXPECT_NEAR(student_cdf(-1.3, df), 1 - student_cdf(1.3, df), 1e-15);
  }
}

const std::vector<CurvePoint> six{{1, 0.9}, {2, 0.62}, {3, 0.51}, {4, 0.46}, {5, 0.41}, {6, 0.40}};

// Computed another way, in Python: evidence and prediction from the joint multivariate t of all values, the
// distribution function by Simpson's rule.
TEST(Extrapolation, agrees_with_an_independent_computation) {
  const Extrapolation end(six, 27);
  EXPECT_NEAR(end.mean(), 0.3154923980518125, 1e-9);
  EXPECT_NEAR(end.cdf(0.2), 0.16367166841537698, 1e-9);
  EXPECT_NEAR(end.cdf(0.3), 0.449719414649602, 1e-9);
  EXPECT_NEAR(end.cdf(0.35), 0.6204711922026422, 1e-9);
  EXPECT_NEAR(end.cdf(0.45), 0.868779696251596, 1e-9);
}

TEST(Extrapolation, units_of_values_and_of_budgets_do_not_matter) {
  const Extrapolation end(six, 27);
  std::vector<CurvePoint> other;
  for (const CurvePoint& p : six) other.push_back({p.budget * 390, 5 + p.value * 100});
  const Extrapolation scaled(other, 27 * 390);
  for (const double v : {0.1, 0.3, 0.5}) EXPECT_NEAR(scaled.cdf(5 + v * 100), end.cdf(v), 1e-9);
}

TEST(Extrapolation, a_curve_of_one_of_the_shapes_is_continued) {
  for (const double p : {0.25, 0.5, 1.0}) {
    std::vector<CurvePoint> points;
    for (double t = 1; t <= 50; ++t) points.push_back({t, 0.1 + 0.8 * std::pow(t, -p)});
    const double truth = 0.1 + 0.8 * std::pow(100, -p);
    const Extrapolation end(points, 100);
    EXPECT_NEAR(end.mean(), truth, 0.03) << "power " << p;
    EXPECT_GT(end.cdf(truth + 0.1), 0.95);
    EXPECT_LT(end.cdf(truth - 0.1), 0.05);
  }
}

TEST(Extrapolation, more_of_the_curve_leaves_less_doubt) {
  double before = 1;
  for (const double spent : {5.0, 15.0, 45.0, 90.0}) {
    std::vector<CurvePoint> points;
    for (double t = 1; t <= spent; ++t)
      points.push_back({t, 0.1 + std::exp(-0.03 * t) + (std::fmod(t, 2) - 0.5) * 0.01});
    const Extrapolation end(points, 100);
    const double doubt = end.cdf(end.mean() - 0.05) + 1 - end.cdf(end.mean() + 0.05);
    EXPECT_LT(doubt, before) << "after " << spent;
    before = doubt;
  }
}

TEST(Extrapolation, a_flat_curve_and_a_single_point_stay_where_they_are) {
  const std::vector<CurvePoint> flat{{1, 0.5}, {2, 0.5}, {3, 0.5}, {4, 0.5}}, zero{{1, 0}, {2, 0}}, single{{1, 3}};
  EXPECT_NEAR(Extrapolation(flat, 10).mean(), 0.5, 1e-6);
  EXPECT_GT(Extrapolation(flat, 10).cdf(0.51), 0.99);
  EXPECT_GT(Extrapolation(zero, 10).cdf(0.01), 0.99);
  EXPECT_NEAR(Extrapolation(single, 10).mean(), 3, 1e-6);
}

TEST(Extrapolation, a_long_curve_is_averaged_in_groups) {
  std::vector<CurvePoint> points;
  for (int i = 1; i <= 6400; ++i)
    points.push_back({static_cast<double>(i), 0.2 + 10 / std::sqrt(static_cast<double>(i))});
  EXPECT_NEAR(Extrapolation(points, 10000).mean(), 0.3, 0.03);
}

// Curves whose shapes lie between those of the grid, and sums of two, seen for a quarter of their budget. One in twenty
// should end below the fifth percentile of what was foretold, and so be wrongly given up.
TEST(Extrapolation, rarely_gives_up_a_curve_that_ends_well) {
  Rng rng(7, 0);
  int below = 0, above = 0;
  for (int i = 0; i < 900; ++i) {
    const double limit = rng.uniform(0, 0.5), fall = rng.uniform(0.2, 1), noise = 0.01 * rng.uniform(0.2, 2);
    const double power = rng.uniform(0.15, 1.5), fast = rng.uniform(15, 100), slow = rng.uniform(1, 15);
    const double share = i % 3 == 0 ? 0 : rng.uniform(0.5, 0.95);
    const auto value = [&](double t) {
      const double phases = share * std::exp(-fast * t / 100) + (1 - share) * std::exp(-slow * t / 100);
      return limit + fall * (i % 3 == 1 ? std::pow(t, -power) : phases) + noise * rng.normal();
    };
    std::vector<CurvePoint> points;
    for (double t = 1; t <= 25; ++t) points.push_back({t, value(t)});
    const double u = Extrapolation(points, 100).cdf(value(100));
    below += u < 0.05 ? 1 : 0;
    above += u > 0.95 ? 1 : 0;
  }
  EXPECT_LT(below, 45) << "5 with this seed: the second phase makes it careful";
  EXPECT_LT(above, 90) << "36 with this seed";
}

}  // namespace
}  // namespace nascent::curve
