#include "percentile.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/config.hpp"
#include "support/observations.hpp"
#include "support/scheduler_histories.hpp"

namespace nascent::percentile {
namespace {

using test::Config;
using test::History;

Percentile make(double percentile, int trials_min = 1, int warmup_reports = 0) {
  const Config config{{"percentile", percentile}, {"trials_min", trials_min}, {"warmup_reports", warmup_reports}};
  return Percentile(config.options());
}

// Ten completed trials: trial t is at t + 0.5 after one unit and at t after two.
History ten() {
  History h;
  for (std::uint64_t t = 0; t < 10; ++t) {
    const auto value = static_cast<double>(t);
    h.report(t, TrialState::completed, 1, {value + 0.5}).report(t, TrialState::completed, 2, {value});
  }
  return h;
}

Verdict decide(Percentile rule, History history, const std::vector<double>& curve) {
  History trial;
  for (std::size_t i = 0; i < curve.size(); ++i)
    trial.report(99, TrialState::pending, static_cast<double>(i + 1), {curve[i]});
  return rule.decide(history.view(), trial.view());
}

TEST(Percentile, stops_when_more_than_the_share_of_the_completed_are_better) {
  EXPECT_EQ(decide(make(30), ten(), {9, 2.5}), Verdict::go) << "three of ten are better";
  EXPECT_EQ(decide(make(30), ten(), {9, 3.5}), Verdict::stop) << "four of ten are better";
  EXPECT_EQ(decide(make(30), ten(), {9, 3}), Verdict::go) << "as good is not better";
  EXPECT_EQ(decide(make(0), ten(), {0, 0}), Verdict::go);
  EXPECT_EQ(decide(make(0), ten(), {0.1, 0.1}), Verdict::stop);
  EXPECT_EQ(decide(make(100), ten(), {99, 99}), Verdict::go);
}

TEST(Percentile, best_values_up_to_the_same_budget_are_compared) {
  EXPECT_EQ(decide(make(30), ten(), {3.4}), Verdict::go) << "0.5, 1.5, 2.5 are better";
  EXPECT_EQ(decide(make(30), ten(), {3.6}), Verdict::stop);
  EXPECT_EQ(decide(make(30), ten(), {2.5, 99}), Verdict::go) << "the best so far counts";
}

TEST(Percentile, waits_for_warm_up_reports_and_for_enough_completed_trials) {
  EXPECT_EQ(decide(make(50, 10, 2), ten(), {99, 99}), Verdict::go);
  EXPECT_EQ(decide(make(50, 10, 2), ten(), {99, 99, 99}), Verdict::stop);
  EXPECT_EQ(decide(make(50, 11), ten(), {99, 99}), Verdict::go);
  History others = ten();
  for (const std::uint64_t t : {20U, 21U, 22U, 23U}) others.report(t, static_cast<TrialState>(t - 19), 1, {0});
  EXPECT_EQ(decide(make(50, 11), others, {99, 99}), Verdict::go) << "who failed, was stopped, runs or is invalid";
}

TEST(Percentile, with_several_objectives_better_is_an_earlier_pareto_layer) {
  Percentile rule = make(50);
  History history(2);  // layers: {0, 1}, {2, 3}
  history.report(0, TrialState::completed, 1, {1, 4}).report(1, TrialState::completed, 1, {4, 1});
  history.report(2, TrialState::completed, 1, {2, 5}).report(3, TrialState::completed, 1, {5, 2});
  const auto verdict = [&](double a, double b) {
    History trial(2);
    trial.report(9, TrialState::pending, 1, {a, b});
    return rule.decide(history.view(), trial.view());
  };
  EXPECT_EQ(verdict(3, 3), Verdict::go) << "not dominated";
  EXPECT_EQ(verdict(0.5, 99), Verdict::go) << "not dominated";
  EXPECT_EQ(verdict(4.5, 4.5), Verdict::go) << "the second layer: two of four are better";
  EXPECT_EQ(verdict(6, 6), Verdict::stop) << "the third layer: all four are better";
}

TEST(Percentile, a_trial_without_a_finite_value_is_the_worst_and_such_a_completed_one_does_not_count) {
  EXPECT_EQ(decide(make(99), ten(), {std::nan("")}), Verdict::stop);
  History history = ten();
  history.report(10, TrialState::completed, 1, {std::nan("")});
  EXPECT_EQ(decide(make(50, 11), history, {99}), Verdict::go);
  EXPECT_EQ(decide(make(50, 10), history, {99}), Verdict::stop);
}

TEST(Percentile, decides_as_the_layers_of_all_best_values_say) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(3, seed);
    const std::size_t n_objectives = 1 + seed % 2;
    History h = test::random_history(rng, n_objectives), trial(n_objectives);
    const double budget = static_cast<double>(1 + rng.below(6)), value = static_cast<double>(rng.below(8)) - 4;
    const std::vector<double> own(n_objectives, seed % 17 == 0 ? std::nan("") : value);
    trial.report(500, TrialState::pending, budget, own);
    const double percentile = static_cast<double>(10 * rng.below(11));

    std::vector<double> best;
    for (const schedulers::Curve& t : schedulers::curves_of(h.view())) {
      const std::vector<double> row = t.best_until(budget);
      if (t.state() == TrialState::completed && schedulers::all_finite(row)) best.insert(best.end(), row.begin(), row.end());
    }
    const auto completed = static_cast<double>(best.size() / n_objectives);
    double better = completed;
    if (schedulers::all_finite(own)) {
      best.insert(best.end(), own.begin(), own.end());
      const auto layer = pareto::ranks({best, n_objectives});
      better = static_cast<double>(std::count_if(layer.begin(), layer.end(), [&](std::size_t l) { return l < layer.back(); }));
    }
    const bool stops = completed >= 1 && better > percentile / 100 * completed;
    EXPECT_EQ(make(percentile).decide(h.view(), trial.view()), stops ? Verdict::stop : Verdict::go) << seed;
  }
}

}  // namespace
}  // namespace nascent::percentile
