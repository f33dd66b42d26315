#include "surrogate/acquisition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "told.hpp"

namespace nascent::surrogate {
namespace {

using fixture::additive;
using fixture::Outcome;
using fixture::Told;

Model model_of(const Told& told) { return {told.evidence, told.evidence.size(), Settings(), 3}; }

// log of the integral of g times the density of N(best - g; mean, sd) over g > 0, by the midpoint rule, with the
// largest exponent taken out.
double integrated_log_improvement(double best, double mean, double sd) {
  const double z = (best - mean) / sd, peak = std::max(z, 0.0), width = 40 / (1 + std::max(-z, 0.0)) + peak;
  const int steps = 200000;
  double sum = 0;
  for (int i = 0; i < steps; ++i) {
    const double u = (i + 0.5) * width / steps;  // g / sd
    sum += u * std::exp(-0.5 * (u - z) * (u - z) + 0.5 * (peak - z) * (peak - z)) * width / steps;
  }
  return std::log(sd * sum / std::sqrt(2 * std::numbers::pi)) - 0.5 * (peak - z) * (peak - z);
}

TEST(Worth, is_the_expected_improvement_by_numerical_integration) {
  const Told told(40, fixture::additive_outcome);
  const Model model = model_of(told);
  const Worth worth(model, {}, Judgement::expected, 1);
  for (std::uint64_t t = 0; t < 60; ++t) {
    const auto row = told.encoded(told.draw(t));
    const Prediction p = model.predict(0, row);
    const double expected = integrated_log_improvement(model.front()[0], p.mean, p.deviation);
    // Below z = -10 only the first term of Mills' ratio is kept: log(1 - 3 / z^2).
    EXPECT_NEAR(worth(row), expected, p.deviation * 10 < p.mean - model.front()[0] ? 0.031 : 1e-4) << t;
  }
}

TEST(Worth, a_configuration_like_a_running_one_is_worth_less) {
  const Told told(40, fixture::additive_outcome);
  const Model model = model_of(told);
  const auto running = told.encoded(told.draw(77));
  const Worth alone(model, {}, Judgement::expected, 1), beside(model, {running}, Judgement::expected, 1);
  EXPECT_LT(beside(running), alone(running));
  for (std::uint64_t t = 100; t < 160; ++t) {
    const auto row = told.encoded(told.draw(t));
    EXPECT_LE(beside(row), alone(row) + 0.04) << "0.031 from the switch of formulas at z = -10";
  }
}

TEST(Worth, thompson_draws_from_the_prediction) {
  const Told told(40, fixture::additive_outcome);
  const Model model = model_of(told);
  const auto row = told.encoded(told.draw(50));
  const Prediction p = model.predict(0, row);
  const int n = 4000;
  double sum = 0, squares = 0;
  for (int seed = 0; seed < n; ++seed) {
    const double drawn = model.front()[0] - Worth(model, {}, Judgement::drawn, static_cast<std::uint64_t>(seed))(row);
    sum += drawn / n;
    squares += drawn * drawn / n;
  }
  // Standard errors sd / sqrt(n) and about sd / sqrt(2 n); 6 of them.
  EXPECT_NEAR(sum, p.mean, 6 * p.deviation / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(squares - sum * sum), p.deviation, 6 * p.deviation / std::sqrt(2 * n));
  const Worth one(model, {}, Judgement::drawn, 5);
  EXPECT_EQ(one(row), one(row)) << "a function of the configuration";
}

TEST(Worth, of_two_objectives_a_gain_on_the_front_is_worth_more_than_none) {
  const auto two = [](const Point& p) {
    return Outcome{.values = {p.x[0] + p.x[2] * p.x[2], p.x[0] + (1 - p.x[2]) * (1 - p.x[2])}};  // the front has a = 0
  };
  const Told told(60, two, 2);
  const Model model = model_of(told);
  const Worth worth(model, {}, Judgement::expected, 1);
  Point on = told.draw(0), off = on;
  for (const double x : {0.1, 0.3, 0.5, 0.7, 0.9}) {
    on.x = {0, 1, x};
    off.x = {2, 1, x};
    EXPECT_GT(worth(told.encoded(on)), worth(told.encoded(off))) << x;
  }
}

TEST(Worth, before_anything_is_feasible_only_the_probability_of_success_counts) {
  const auto infeasible = [](const Point& p) { return Outcome{.values = {additive(p)}, .constraints = {1 + p.x[2]}}; };
  const Told told(50, infeasible, 1, 1);
  const Model model = model_of(told);
  for (const Judgement judgement : {Judgement::expected, Judgement::drawn}) {
    const Worth worth(model, {told.encoded(told.draw(60))}, judgement, 1);
    const auto row = told.encoded(told.draw(70));
    EXPECT_EQ(worth(row), std::log(model.probability_of_success(row)));
  }
}

}  // namespace
}  // namespace nascent::surrogate
