#include "curve.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/config.hpp"
#include "support/observations.hpp"

namespace nascent::curve {
namespace {

using test::Config;
using test::History;

CurveRule make(double threshold = 0.05, int reports_min = 5, int trials_min = 1, double full = 50) {
  const Config config{{"threshold", threshold}, {"reports_min", reports_min}, {"trials_min", trials_min}};
  return CurveRule(config.options(), {.budget = {NAS_UNIT_EPOCH, 0, 0, full}});
}
// Completed trials that ended at these values.
History ended(const std::vector<std::vector<double>>& results) {
  History h(results[0].size());
  for (std::size_t t = 0; t < results.size(); ++t) {
    h.report(t, TrialState::completed, 1, std::vector<double>(results[t].size(), 0.0));
    h.report(t, TrialState::completed, 50, results[t]);
  }
  return h;
}
Verdict decide(CurveRule rule, History history, int reports, const std::function<std::vector<double>(double)>& curve) {
  History trial(curve(1).size());
  for (double t = 1; t <= reports; ++t) trial.report(9, TrialState::pending, t, curve(t));
  return rule.decide(history.view(), trial.view());
}
// Ends at 0.31.
std::vector<double> falling(double t) { return {0.3 + 0.5 / t}; }

TEST(CurveRule, stops_a_trial_that_will_end_worse_and_lets_one_go_on_that_may_win) {
  EXPECT_EQ(decide(make(), ended({{0.25}}), 30, falling), Verdict::stop);
  EXPECT_EQ(decide(make(), ended({{0.315}}), 30, falling), Verdict::go) << "it is at 0.317 and will end better";
  EXPECT_EQ(decide(make(), ended({{0.9}, {0.25}, {0.5}}), 30, falling), Verdict::stop) << "the best counts";
}

TEST(CurveRule, the_last_value_of_the_completed_counts_and_nobody_elses) {
  History h;
  h.report(0, TrialState::completed, 1, {0.1}).report(0, TrialState::completed, 50, {0.5});
  h.report(1, TrialState::pruned, 50, {0.1})
      .report(2, TrialState::failed, 50, {0.1})
      .report(3, TrialState::pending, 50, {0.1});
  EXPECT_EQ(decide(make(), h, 30, falling), Verdict::go);
}

TEST(CurveRule, waits_for_reports_and_for_trials) {
  EXPECT_EQ(decide(make(0.05, 31), ended({{0}}), 30, falling), Verdict::go);
  EXPECT_EQ(decide(make(0.05, 30), ended({{0}}), 30, falling), Verdict::stop);
  EXPECT_EQ(decide(make(0.05, 5, 2), ended({{0}}), 30, falling), Verdict::go);
  EXPECT_EQ(decide(make(0.05, 5, 2), ended({{0}, {std::nan("")}}), 30, falling), Verdict::go);
}

TEST(CurveRule, a_threshold_of_one_stops_everybody_and_of_zero_nobody_that_has_a_chance) {
  EXPECT_EQ(decide(make(1), ended({{0.9}}), 30, falling), Verdict::stop);
  EXPECT_EQ(decide(make(0), ended({{0.25}}), 30, falling), Verdict::go);
}

TEST(CurveRule, a_trial_at_its_full_budget_is_done) {
  EXPECT_EQ(decide(make(0.05, 5, 1, 30), ended({{0}}), 30, falling), Verdict::go);
}

TEST(CurveRule, values_that_are_no_numbers_are_left_out) {
  const auto holes = [](double t) { return std::vector{t > 3 && t < 7 ? std::nan("") : 0.3 + 0.5 / t}; };
  EXPECT_EQ(decide(make(), ended({{0.25}}), 30, holes), Verdict::stop);
  EXPECT_EQ(decide(make(0.05, 28), ended({{0.25}}), 30, holes), Verdict::go) << "27 are left";
}

TEST(CurveRule, with_several_objectives_one_that_may_win_saves_the_trial) {
  const auto both = [](double t) { return std::vector{0.3 + 0.5 / t, 3 + 5 / t}; };
  EXPECT_EQ(decide(make(), ended({{0.25, 2.5}}), 30, both), Verdict::stop);
  EXPECT_EQ(decide(make(), ended({{0.25, 9}, {9, 2.5}}), 30, both), Verdict::go) << "neither is better in both";
}

}  // namespace
}  // namespace nascent::curve
