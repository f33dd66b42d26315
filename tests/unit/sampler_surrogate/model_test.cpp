#include "surrogate/model.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "told.hpp"

namespace nascent::surrogate {
namespace {

using fixture::additive;
using fixture::Outcome;
using fixture::Told;

constexpr Settings kSettings;
constexpr std::uint64_t kSeed = 3;

Model learnt(const Told& told) { return {told.evidence, told.evidence.size(), kSettings, kSeed}; }

// Of the predicted and the true value over 200 draws that were not told.
double correlation(const Model& model, const Told& told) {
  double n = 200, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (std::uint64_t t = 1000; t < 1200; ++t) {
    const Point p = told.draw(t);
    const double predicted = model.predict(0, told.encoded(p)).mean, truth = additive(p);
    x += predicted / n;
    y += truth / n;
    xx += predicted * predicted / n;
    yy += truth * truth / n;
    xy += predicted * truth / n;
  }
  return (xy - x * y) / std::sqrt((xx - x * x) * (yy - y * y));
}

TEST(Model, predicts_what_it_was_not_told) {
  const Told told(200, fixture::additive_outcome);
  EXPECT_GT(correlation(learnt(told), told), 0.95);
}

TEST(Model, only_the_order_of_the_values_matters) {
  const Told told(60, fixture::additive_outcome);
  const Told stretched(60, [](const Point& p) { return Outcome{.values = {std::exp(9 * additive(p))}}; });
  const Model a = learnt(told), b = learnt(stretched);
  for (std::uint64_t t = 0; t < 80; ++t) {
    const auto row = told.encoded(told.draw(t));
    EXPECT_EQ(a.predict(0, row).mean, b.predict(0, row).mean);
    EXPECT_EQ(a.predict(0, row).deviation, b.predict(0, row).deviation);
  }
  EXPECT_EQ(a.front()[0], b.front()[0]);
  EXPECT_EQ(a.front()[0], normal_quantile(0.5 / 60)) << "the middle of the first of 60 ranks";
}

TEST(Model, equal_values_are_predicted_without_preference) {
  const Told told(30, [](const Point&) { return Outcome{.values = {5}}; });
  const Model model = learnt(told);
  const Prediction p = model.predict(0, told.encoded(told.draw(99)));
  EXPECT_EQ(p.mean, 0);
  EXPECT_EQ(p.deviation, Prediction::deviation_min);
}

TEST(Model, the_fittest_are_feasible_and_best_and_the_front_holds_their_scores) {
  const auto constrained = [](const Point& p) { return Outcome{.values = {additive(p)}, .constraints = {p.x[0] - 1}}; };
  const Told told(80, constrained, 1, 1);
  const Model model = learnt(told);
  ASSERT_EQ(model.fittest().size(), 10U);
  double last = -1;
  for (const std::size_t i : model.fittest()) {
    EXPECT_LE(told.evidence.point(i).x[0], 1);
    EXPECT_GE(told.evidence.values(i)[0], last);
    last = told.evidence.values(i)[0];
  }
  ASSERT_EQ(model.front().size(), 1U);
}

TEST(Model, without_a_feasible_trial_there_is_no_front_and_the_least_violation_is_fittest) {
  const auto infeasible = [](const Point& p) { return Outcome{.values = {1}, .constraints = {1 + p.x[2]}}; };
  const Told told(50, infeasible, 1, 1);
  const Model model = learnt(told);
  EXPECT_TRUE(model.front().empty());
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_LE(told.evidence.violation(model.fittest()[0]), told.evidence.violation(i));
  }
}

TEST(Model, success_is_unlikely_where_trials_failed_or_violated) {
  const auto outcome = [](const Point& p) {
    return Outcome{p.x[0] == 2 ? TrialState::failed : TrialState::completed, {additive(p)}, {p.x[1] == 2 ? 5.0 : -5.0}};
  };
  const Told told(120, outcome, 1, 1);
  const Model model = learnt(told);
  for (std::uint64_t t = 500; t < 600; ++t) {
    const Point p = told.draw(t);
    const double success = model.probability_of_success(told.encoded(p));
    if (p.x[0] == 2 || p.x[1] == 2) {
      EXPECT_LT(success, 0.2) << p.x[0] << p.x[1];
      EXPECT_GT(success, 0);
    } else {
      EXPECT_GT(success, 0.8) << p.x[0] << p.x[1];
    }
  }
}

TEST(Model, a_pruned_trial_counts_as_no_better_than_the_median) {
  const auto outcome = [](const Point& p) {
    return p.x[0] == 2 ? Outcome{TrialState::pruned, {-100}} : Outcome{.values = {p.x[2]}};
  };
  const Told told(150, outcome);
  const Model model = learnt(told);
  Point good = told.draw(0), pruned = good;
  good.x = {0, 0, 0.05};
  pruned.x = {2, 0, 0.05};
  EXPECT_LT(model.predict(0, told.encoded(good)).mean, model.predict(0, told.encoded(pruned)).mean - 0.5);
}

TEST(Model, several_objectives_have_a_front_and_a_prediction_each) {
  const auto two = [](const Point& p) { return Outcome{.values = {p.x[2], 1 - p.x[2]}}; };
  const Told told(40, two, 2);
  const Model model = learnt(told);
  EXPECT_EQ(model.front().size(), 80U) << "no trial dominates another";
  Point low = told.draw(0), high = low;
  low.x[2] = 0.05;
  high.x[2] = 0.95;
  EXPECT_LT(model.predict(0, told.encoded(low)).mean, model.predict(0, told.encoded(high)).mean);
  EXPECT_GT(model.predict(1, told.encoded(low)).mean, model.predict(1, told.encoded(high)).mean);
}

}  // namespace
}  // namespace nascent::surrogate
