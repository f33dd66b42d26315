#include "cmaes/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "nascent/rng.hpp"

namespace nascent::cmaes {
namespace {

TEST(Strategy, equals_an_independent_implementation) {
  // python3-cmaes 0.9.1, three dimensions.
  const Strategy s(3, default_population(3));
  ASSERT_EQ(s.lambda, 7U);
  const std::vector<double> weights{0.585645106509765,   0.2928225532548825,  0.12153234023535245, 0,
                                    -0.4241269418431741, -0.7706638857059224, -1.0636566969842556};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(s.weights[i], weights[i], 1e-14) << i;
  EXPECT_NEAR(s.mu_eff, 2.2548150822016044, 1e-14);
  EXPECT_NEAR(s.c_sigma, 0.4149090010980616, 1e-14);
  EXPECT_NEAR(s.d_sigma, 1.4149090010980616, 1e-14);
  EXPECT_NEAR(s.c_c, 0.5588013228860189, 1e-14);
  EXPECT_NEAR(s.c_1, 0.09640963257927214, 1e-14);
  EXPECT_NEAR(s.c_mu, 0.05124308701358615, 1e-14);
  EXPECT_NEAR(s.chi_n, 1.5968775302586076, 1e-14);
}

TEST(Distribution, four_generations_equal_those_of_an_independent_implementation) {
  // python3-cmaes 0.9.1 told the same points.
  Distribution d(Strategy(3, 7), Vector{{0.5, -1, 2}}, 0.7);
  for (int g = 0; g < 4; ++g) {
    std::vector<Vector> points;
    for (int k = 0; k < 7; ++k)
      points.push_back(
          Vector{{0.5 + std::sin(1 + 3 * k + 7 * g), -1 + std::cos(2 + 5 * k + g), 2 + std::sin(3 + k * k + g)}});
    d.update(points);
  }
  EXPECT_LT((d.mean() - Vector{{0.48898451107284685, -1.1719003465874844, 1.9626260153440664}}).norm(), 1e-13);
  EXPECT_NEAR(d.sigma(), 0.5070193170103755, 1e-13);
  const Matrix expected{{0.7303601453232732, -0.06234030000412668, -0.20741511541905275},
                        {-0.06234030000412665, 0.9808398066368592, 0.266247497146174},
                        {-0.20741511541905278, 0.2662474971461741, 0.9589774721818062}};
  EXPECT_LT((d.covariance() - expected).norm(), 1e-13);
}

// Evaluations until a function of ten variables is below 1e-8, from the point (1, ..., 1) with sigma 1: median of 15.
std::size_t median_evaluations(const std::function<double(const Vector&)>& f) {
  std::vector<std::size_t> needed;
  const Strategy strategy(10, default_population(10));
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    Rng rng(seed);
    Distribution d(strategy, Vector::Ones(10), 1);
    std::size_t n = 0;
    for (double best = HUGE_VAL; best > 1e-8 && n < 100000;) {
      std::vector<std::pair<double, Vector>> generation;
      for (std::size_t k = 0; k < strategy.lambda; ++k, ++n) {
        Vector noise(10);
        for (double& z : noise) z = rng.normal();
        const Vector x = d.point(noise);
        generation.emplace_back(f(x), x);
      }
      std::sort(generation.begin(), generation.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      best = std::min(best, generation.front().first);
      std::vector<Vector> points;
      for (auto& [value, x] : generation) points.push_back(std::move(x));
      d.update(points);
    }
    needed.push_back(n);
  }
  std::nth_element(needed.begin(), needed.begin() + 7, needed.end());
  return needed[7];
}

TEST(Distribution, needs_as_many_evaluations_as_an_independent_implementation) {
  // python3-cmaes 0.9.1 over 15 seeds: sphere 1280 to 1460, median 1350; ellipsoid 3480 to 4680, median 4170.
  EXPECT_NEAR(static_cast<double>(median_evaluations([](const Vector& x) { return x.squaredNorm(); })), 1350, 100);
  const auto ellipsoid = [](const Vector& x) {
    double sum = 0;
    for (Eigen::Index i = 0; i < 10; ++i) sum += std::pow(10, 6 * static_cast<double>(i) / 9) * x[i] * x[i];
    return sum;
  };
  EXPECT_NEAR(static_cast<double>(median_evaluations(ellipsoid)), 4170, 400);
}

TEST(Distribution, a_far_point_is_pulled_in_along_its_direction_and_a_near_one_is_left) {
  const Distribution d(Strategy(4, 8), Vector::Ones(4), 0.5);
  const Vector far = Vector::Constant(4, 101), near = Vector::Constant(4, 1.5);
  EXPECT_EQ(d.within_reach(near), near);
  // Length sqrt(4) + 8/6 in standard deviations of 0.5; along (1, 1, 1, 1) a coordinate takes half of it.
  EXPECT_LT((d.within_reach(far) - Vector::Constant(4, 1 + 0.5 * (2 + 8.0 / 6) / 2)).norm(), 1e-12);
}

TEST(Distribution, a_marginal_that_was_set_is_the_one_that_points_have) {
  Distribution d(Strategy(2, 6), Vector::Zero(2), 2);
  d.set_marginal(1, 5, 0.25);
  EXPECT_DOUBLE_EQ(d.deviation(1), 0.25);
  EXPECT_DOUBLE_EQ(d.deviation(0), 2);
  EXPECT_LT((d.point(Vector{{1, -2}}) - Vector{{2, 4.5}}).norm(), 1e-12);
}

}  // namespace
}  // namespace nascent::cmaes
