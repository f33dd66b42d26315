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
  EXPECT_NEAR(end.mean(), 0.31707874402307135, 1e-9);
  EXPECT_NEAR(end.cdf(0.2), 0.024697208975594173, 1e-9);
  EXPECT_NEAR(end.cdf(0.3), 0.3849951701683519, 1e-9);
  EXPECT_NEAR(end.cdf(0.35), 0.6967561311611037, 1e-9);
  EXPECT_NEAR(end.cdf(0.45), 0.998248425352623, 1e-9);
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
    for (double t = 1; t <= 30; ++t) points.push_back({t, 0.1 + 0.8 * std::pow(t, -p)});
    const double truth = 0.1 + 0.8 * std::pow(100, -p);
    const Extrapolation end(points, 100);
    EXPECT_NEAR(end.mean(), truth, 0.02) << "power " << p;
    EXPECT_GT(end.cdf(truth + 0.05), 0.95);
    EXPECT_LT(end.cdf(truth - 0.05), 0.05);
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
  EXPECT_NEAR(Extrapolation(points, 10000).mean(), 0.3, 0.01);
}

// Curves whose shapes lie between those of the grid, seen for a quarter of their budget. One in twenty should end below
// the fifth percentile of what was foretold, and so be wrongly given up.
TEST(Extrapolation, rarely_gives_up_a_curve_that_ends_well) {
  Rng rng(7, 0);
  int below = 0, above = 0;
  constexpr int n = 1000;
  for (int i = 0; i < n; ++i) {
    const double limit = rng.uniform(0, 0.5), fall = rng.uniform(0.2, 1), noise = 0.01 * rng.uniform(0.2, 2);
    const double power = std::exp(rng.uniform(std::log(0.15), std::log(1.5))),
                 rate = std::exp(rng.uniform(0, std::log(30)));
    const bool exponential = rng.uniform() < 0.5;
    const auto value = [&](double t) {
      return limit + fall * (exponential ? std::exp(-rate * t / 100) : std::pow(t, -power)) + noise * rng.normal();
    };
    std::vector<CurvePoint> points;
    for (double t = 1; t <= 25; ++t) points.push_back({t, value(t)});
    const double u = Extrapolation(points, 100).cdf(value(100));
    below += u < 0.05 ? 1 : 0;
    above += u > 0.95 ? 1 : 0;
  }
  EXPECT_LT(below, 65) << "43 with this seed";
  EXPECT_LT(above, 120) << "88 with this seed; that a bad trial is let go on costs less";
}

}  // namespace
}  // namespace nascent::curve
