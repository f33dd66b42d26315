#include "patience.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/config.hpp"
#include "support/observations.hpp"

namespace nascent::patience {
namespace {

using test::Config;
using test::History;

// The report at which a trial of these values is stopped, counted from 1; 0: at none. Another trial has completed with
// `result`, or one that is better than all.
std::size_t stopped_at(int patience, double min_delta, const std::vector<std::vector<double>>& values,
                       std::vector<double> result = {}, TrialState state = TrialState::completed) {
  const Config config{{"patience", patience}, {"min_delta", min_delta}};
  Patience rule(config.options());
  History history(values[0].size()), trial(values[0].size());
  if (result.empty()) result.assign(values[0].size(), -1e9);
  history.report(2, state, 9, result);
  for (std::size_t i = 0; i < values.size(); ++i) {
    trial.report(5, TrialState::pending, 0.5 * static_cast<double>(i + 1), values[i]);
    if (rule.decide(history.view(), trial.view()) == Verdict::stop) return i + 1;
  }
  return 0;
}

TEST(Patience, stops_after_that_many_reports_without_a_new_best) {
  EXPECT_EQ(stopped_at(3, 0, {{5}, {4}, {4.5}, {4}, {4.1}, {3}}), 5U) << "equal is no improvement";
  EXPECT_EQ(stopped_at(4, 0, {{5}, {4}, {4.5}, {4}, {4.1}, {3}, {3}}), 0U) << "saved by the sixth";
  EXPECT_EQ(stopped_at(1, 0, {{5}, {4}, {3}, {2}, {2}}), 5U);
}

TEST(Patience, an_improvement_has_to_exceed_min_delta) {
  EXPECT_EQ(stopped_at(3, 0.5, {{5}, {4.5}, {4.25}, {4.125}, {4.1}}), 0U)
      << "the third is more than 0.5 below the first";
  EXPECT_EQ(stopped_at(3, 1, {{5}, {4.5}, {4.25}, {4.125}, {4.1}}), 4U);
}

TEST(Patience, an_improvement_of_any_objective_counts) {
  EXPECT_EQ(stopped_at(2, 0, {{5, 5}, {4, 9}, {6, 4}, {6, 6}, {6, 6}}), 5U);
}

TEST(Patience, a_trial_that_leads_is_not_stopped) {
  const std::vector<std::vector<double>> stuck{{5}, {4}, {6}, {6}, {6}};
  EXPECT_EQ(stopped_at(2, 0, stuck, {4}), 4U) << "as good is enough";
  EXPECT_EQ(stopped_at(2, 0, stuck, {4.1}), 0U);
  EXPECT_EQ(stopped_at(2, 0, stuck, {std::nan("")}), 0U);
  EXPECT_EQ(stopped_at(2, 0, stuck, {1}, TrialState::pruned), 0U) << "cannot be the best of the study either";
  EXPECT_EQ(stopped_at(2, 0, {{5, 5}, {5, 5}, {5, 5}}, {6, 1}), 0U) << "it leads in one objective";
  EXPECT_EQ(stopped_at(2, 0, {{5, 5}, {5, 5}, {5, 5}}, {5, 1}), 3U);
}

TEST(Patience, what_is_no_number_is_no_improvement) {
  EXPECT_EQ(stopped_at(2, 0, {{std::nan("")}, {std::nan("")}, {std::nan("")}}), 3U);
  EXPECT_EQ(stopped_at(2, 0, {{std::nan("")}, {std::nan("")}, {7}, {-INFINITY}, {8}}), 5U);
}

}  // namespace
}  // namespace nascent::patience
