#include "median.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/config.hpp"
#include "support/observations.hpp"

namespace nascent::median {
namespace {

using test::Config;
using test::History;

Median make(int warmup_reports, int trials_min) {
  const Config config{{"warmup_reports", warmup_reports}, {"trials_min", trials_min}};
  return Median(config.options());
}

// Three completed trials with running averages 1.5, 2.5, 3.5 at budget 2.
History three() {
  History h;
  for (const std::uint64_t t : {0U, 1U, 2U}) {
    h.report(t, TrialState::completed, 1, {2.0 + static_cast<double>(t)})
        .report(t, TrialState::completed, 2, {1.0 + static_cast<double>(t)});
  }
  return h;
}

Verdict decide(Median& rule, History& history, const std::vector<double>& curve) {
  History trial;
  for (std::size_t i = 0; i < curve.size(); ++i)
    trial.report(9, TrialState::pending, static_cast<double>(i + 1), {curve[i]});
  return rule.decide(history.view(), trial.view());
}

TEST(Median, stops_when_the_best_value_is_worse_than_the_median_of_running_averages) {
  Median rule = make(0, 3);
  History history = three();
  EXPECT_EQ(decide(rule, history, {9.0, 2.51}), Verdict::stop);
  EXPECT_EQ(decide(rule, history, {9.0, 2.5}), Verdict::go) << "strictly worse only";
  EXPECT_EQ(decide(rule, history, {2.4, 9.0}), Verdict::go) << "the best value so far counts";
}

TEST(Median, looks_only_at_reports_up_to_the_same_budget) {
  Median rule = make(0, 3);
  History history = three();
  EXPECT_EQ(decide(rule, history, {3.0}), Verdict::go);  // averages at budget 1: 2, 3, 4
  EXPECT_EQ(decide(rule, history, {3.1}), Verdict::stop);
}

TEST(Median, an_even_number_of_trials_takes_the_middle_of_the_two) {
  Median rule = make(0, 4);
  History history = three();
  history.report(3, TrialState::completed, 1, {5.0});
  EXPECT_EQ(decide(rule, history, {3.4}), Verdict::go);  // 2, 3, 4, 5: 3.5
  EXPECT_EQ(decide(rule, history, {3.6}), Verdict::stop);
}

TEST(Median, waits_for_warm_up_reports_and_for_enough_trials) {
  Median patient = make(2, 3), many = make(0, 4);
  History history = three();
  EXPECT_EQ(decide(patient, history, {99}), Verdict::go);
  EXPECT_EQ(decide(patient, history, {99, 99}), Verdict::go);
  EXPECT_EQ(decide(patient, history, {99, 99, 99}), Verdict::stop);
  EXPECT_EQ(decide(many, history, {99, 99}), Verdict::go);
}

TEST(Median, only_completed_trials_set_the_bar) {
  Median rule = make(0, 3);
  History history = three();
  for (const std::uint64_t t : {3U, 4U, 5U, 6U, 7U}) history.report(t, static_cast<TrialState>(1 + t % 3), 1, {0.0});
  EXPECT_EQ(decide(rule, history, {2.9}), Verdict::go);
  EXPECT_EQ(decide(rule, history, {3.1}), Verdict::stop);
}

TEST(Median, with_several_objectives_one_good_one_saves_the_trial) {
  Median rule = make(0, 2);
  History history(2);
  history.report(0, TrialState::completed, 1, {1, 10}).report(1, TrialState::completed, 1, {2, 20});
  const auto verdict = [&](double a, double b) {
    History trial(2);
    trial.report(5, TrialState::pending, 1, {a, b});
    return rule.decide(history.view(), trial.view());
  };
  EXPECT_EQ(verdict(9, 11), Verdict::go);
  EXPECT_EQ(verdict(1, 99), Verdict::go);
  EXPECT_EQ(verdict(9, 99), Verdict::stop);
}

TEST(Median, reports_that_are_no_numbers_do_not_count) {
  Median rule = make(0, 3);
  History history = three();
  history.report(3, TrialState::completed, 1, {std::nan("")});
  EXPECT_EQ(decide(rule, history, {3.0}), Verdict::go);
  EXPECT_EQ(decide(rule, history, {std::nan("")}), Verdict::stop);
}

TEST(Median, an_empty_history_stops_nobody) {
  Median rule = make(0, 1);
  History nothing;
  EXPECT_EQ(decide(rule, nothing, {1e9}), Verdict::go);
}

}  // namespace
}  // namespace nascent::median
