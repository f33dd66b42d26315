#include "surrogate/evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "told.hpp"

namespace nascent::surrogate {
namespace {

using fixture::Outcome;
using fixture::Told;

TEST(Evidence, trials_without_finite_values_teach_only_where_trials_fail) {
  std::size_t t = 0;
  const Told told(6, [&](const Point&) {
    const std::array<Outcome, 6> outcomes{Outcome{TrialState::failed, {0}},
                                          Outcome{TrialState::invalid, {0}},
                                          Outcome{TrialState::completed, {std::nan("")}},
                                          Outcome{TrialState::pruned, {HUGE_VAL}},
                                          Outcome{TrialState::pruned, {3}},
                                          Outcome{TrialState::completed, {4}}};
    return outcomes[t++];
  });
  for (const std::size_t i : {0U, 1U, 2U, 3U}) EXPECT_TRUE(told.evidence.failed(i)) << i;
  EXPECT_FALSE(told.evidence.failed(4));
  EXPECT_FALSE(told.evidence.completed(4));
  EXPECT_TRUE(told.evidence.completed(5));
  EXPECT_FALSE(told.evidence.any_completed(5));
  EXPECT_TRUE(told.evidence.any_completed(6));
}

TEST(Evidence, a_constraint_that_was_not_measured_is_violated) {
  const Told told(
      1,
      [](const Point&) {
        return Outcome{.values = {1}, .constraints = {std::nan(""), -1}};
      },
      1, 2);
  EXPECT_EQ(told.evidence.constraints(0)[0], HUGE_VAL);
  EXPECT_EQ(told.evidence.constraints(0)[1], -1);
  EXPECT_EQ(told.evidence.violation(0), HUGE_VAL);
}

TEST(Evidence, few_rows_are_all_selected) {
  const Told told(20, fixture::additive_outcome);
  EXPECT_EQ(told.evidence.selection(10, 10), (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Evidence, of_many_rows_the_undominated_the_newest_and_a_random_part_are_selected) {
  constexpr std::size_t n = 400, n_max = 100;
  std::size_t t = 0;
  const Told told(n, [&](const Point&) { return Outcome{.values = {t++ == 17 ? -1.0 : 1.0}}; });
  const std::vector<std::size_t> rows = told.evidence.selection(n, n_max);
  EXPECT_EQ(rows.size(), n_max);
  EXPECT_TRUE(std::ranges::is_sorted(rows));
  EXPECT_EQ(std::set<std::size_t>(rows.begin(), rows.end()).size(), n_max);
  EXPECT_TRUE(std::ranges::binary_search(rows, 17U)) << "the best one";
  for (std::size_t i = n - n_max / 2; i < n; ++i) EXPECT_TRUE(std::ranges::binary_search(rows, i)) << i;
  // 49 of 349 others, uniform: their mean has sd 350 / sqrt(12 * 49) = 14; 6 sd.
  double mean = 0;
  for (const std::size_t i : rows) mean += i != 17 && i < n - n_max / 2 ? static_cast<double>(i) / 49 : 0;
  EXPECT_NEAR(mean, 175, 87);
}

TEST(Evidence, the_only_completed_trial_is_selected_however_old_and_infeasible) {
  std::size_t t = 0;
  const Told told(
      400,
      [&](const Point&) {
        return Outcome{t++ == 3 ? TrialState::completed : TrialState::failed, {1}, {2}};
      },
      1, 1);
  EXPECT_TRUE(std::ranges::binary_search(told.evidence.selection(400, 8), 3U));
}

}  // namespace
}  // namespace nascent::surrogate
