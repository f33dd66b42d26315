#include "gp/front.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/pareto.hpp"
#include "nascent/rng.hpp"
#include "reference.hpp"

namespace nascent::gp {
namespace {

TEST(LogImprovement, is_exact_in_every_tail) {
  for (std::size_t i = 0; i < reference::kImprovementAt.size(); ++i) {
    const double expected = reference::kLogImprovement[i];
    EXPECT_NEAR(log_improvement(reference::kImprovementAt[i]), expected, 1e-9 + 1e-15 * std::abs(expected)) << i;
  }
}

TEST(LogNormalCdf, is_exact_in_every_tail) {
  for (std::size_t i = 0; i < reference::kImprovementAt.size(); ++i) {
    const double expected = reference::kLogNormalCdf[i];
    EXPECT_NEAR(log_normal_cdf(reference::kImprovementAt[i]), expected, 1e-9 + 1e-15 * std::abs(expected)) << i;
  }
}

Matrix random_points(Index n, Index m, std::uint64_t seed) {
  Rng rng(seed);
  Matrix points(n, m);
  for (double& v : points.reshaped()) v = rng.normal();
  return points;
}

std::vector<double> flat(const Matrix& points) {
  std::vector<double> values;
  for (Index i = 0; i < points.rows(); ++i) values.insert(values.end(), points.row(i).begin(), points.row(i).end());
  return values;
}

double volume(std::vector<double> values, const Front& front, const std::vector<double>& more) {
  values.insert(values.end(), more.begin(), more.end());
  return pareto::hypervolume({values, more.size(), {}}, front.reference());
}

TEST(Front, the_gain_of_a_result_is_the_hypervolume_that_it_adds) {
  for (const Index m : {2, 3, 4}) {
    const Matrix points = random_points(12, m, static_cast<std::uint64_t>(m));
    const Front front(points);
    const double before = pareto::hypervolume({flat(points), static_cast<std::size_t>(m), {}}, front.reference());
    int gaining = 0;
    for (std::uint64_t s = 0; s < 60; ++s) {
      const Vector y = random_points(1, m, 100 + s).row(0).array() - 0.7;
      const std::vector<double> result(y.begin(), y.end());
      const double added = volume(flat(points), front, result) - before;
      if (added > 1e-12) {
        ++gaining;
        EXPECT_NEAR(std::exp(front.log_gain(result)), added, 1e-10) << m;
      } else {
        EXPECT_LT(front.log_gain(result), -20) << m;
      }
    }
    EXPECT_GT(gaining, 10) << m;
  }
}

TEST(Front, the_expected_gain_is_the_mean_over_draws) {
  for (const Index m : {2, 3}) {
    const Front front(random_points(10, m, 7));
    std::vector<double> means(static_cast<std::size_t>(m), -0.4), deviations(means.size(), 0.6);
    deviations[0] = 0.3;
    Rng rng(5);
    const int n = 200000;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; ++i) {
      std::vector<double> y;
      for (std::size_t k = 0; k < means.size(); ++k) y.push_back(means[k] + deviations[k] * rng.normal());
      const double gain = std::exp(front.log_gain(y));
      sum += gain / n;
      squares += gain * gain / n;
    }
    // 5 standard errors: 6 seeds in ten million fail.
    EXPECT_NEAR(std::exp(front.log_expected_gain(means, deviations)), sum, 5 * std::sqrt((squares - sum * sum) / n))
        << m;
  }
}

TEST(Front, without_hope_of_a_gain_nearer_is_better) {
  const Front front(random_points(10, 2, 7));
  const std::vector<double> deviations{1e-3, 1e-3}, near{8, 8}, far{9, 9};
  EXPECT_GT(front.log_expected_gain(near, deviations), front.log_expected_gain(far, deviations));
  EXPECT_LT(front.log_expected_gain(near, deviations), -700);
}

TEST(Front, of_many_objectives_or_members_the_boxes_stay_few) {
  for (const Index m : {2, 3, 6, 12}) {
    Matrix sphere = random_points(600, m, 3).cwiseAbs();
    sphere = -sphere.rowwise().normalized();  // nobody dominates anybody
    const Front front(sphere);
    const std::vector<double> origin(static_cast<std::size_t>(m), -0.5), deviations(origin.size(), 0.5);
    EXPECT_GE(front.members().size(), 2U);
    EXPECT_LE(std::pow(static_cast<double>(front.members().size()), static_cast<double>(m - 1)),
              std::max(Front::kBoxesMax, std::pow(2.0, static_cast<double>(m - 1))) * 1.01);
    EXPECT_TRUE(std::isfinite(front.log_expected_gain(origin, deviations)));
  }
}

}  // namespace
}  // namespace nascent::gp
