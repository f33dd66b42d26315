#include "hyperband.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/config.hpp"
#include "support/small_study.hpp"

namespace nascent::hyperband {
namespace {

using test::Config;
using test::SmallStudy;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr nas_budget epochs(double n) { return {NAS_UNIT_EPOCH, 0, 0, n}; }

// The brackets of Li et al. (JMLR 18, 2018), algorithm 1, for R = 81 and eta = 3.
const std::vector<std::vector<std::pair<std::size_t, double>>> table{{{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 81}},
                                                                     {{34, 3}, {11, 9}, {3, 27}, {1, 81}},
                                                                     {{15, 9}, {5, 27}, {1, 81}},
                                                                     {{8, 27}, {2, 81}},
                                                                     {{5, 81}}};

TEST(Hyperband, the_brackets_are_those_of_the_paper) {
  const Config config{{"eta", 3.0}};
  const auto round = round_of(config.options(), epochs(81));
  ASSERT_EQ(round.size(), table.size());
  for (std::size_t b = 0; b < table.size(); ++b) {
    EXPECT_EQ(round[b].trials, table[b][0].first);
    ASSERT_EQ(round[b].rungs.size() + 1, table[b].size());
    for (std::size_t k = 0; k < table[b].size(); ++k) EXPECT_EQ(round[b].rungs[k], table[b][k].second);
  }
}

TEST(Hyperband, budget_min_takes_away_the_brackets_that_begin_below) {
  const Config config{{"eta", 3.0}, {"budget_min", 9.0}};
  const auto round = round_of(config.options(), epochs(81));
  std::vector<std::size_t> trials;
  for (const auto& b : round) trials.push_back(b.trials);
  EXPECT_THAT(trials, ElementsAre(9, 5, 3)) << "ceil(3 / 3 * 9), ceil(3 / 2 * 3), 3";
  EXPECT_EQ(round[0].rungs[0], 9);
}

TEST(Hyperband, divides_a_budget_in_fraction) {
  const Config config{{"eta", 4.0}, {"budget_min", 0.0625}};
  const auto round = round_of(config.options(), {NAS_UNIT_FRACTION, 0, 0, 1});
  std::vector<std::pair<std::size_t, double>> first;
  for (const auto& b : round) first.emplace_back(b.trials, b.rungs[0]);
  EXPECT_THAT(first, ElementsAre(testing::Pair(16, 0.0625), testing::Pair(6, 0.25), testing::Pair(3, 1)));
}

TEST(Hyperband, as_many_trials_reach_each_rung_as_in_the_paper) {
  const Config config{{"eta", 3.0}};
  Hyperband rule(config.options(), {.parallel = 5, .budget = epochs(81)});
  SmallStudy study(rule, 5, 81,
                   [](std::uint64_t t, double b) { return std::vector{static_cast<double>(t * 101 % 143) + 1 / b}; });
  study.run(143);  // one round
  std::uint64_t first = 0;
  for (const auto& bracket : table) {
    const std::uint64_t end = first + bracket[0].first;
    for (const auto& [n, budget] : bracket) EXPECT_EQ(study.count_at(budget, first, end), n) << "trials from " << first;
    first = end;
  }
  EXPECT_EQ(study.count(TrialState::completed), 10U);
}

TEST(Hyperband, several_objectives_are_ranked_by_pareto_layers_and_who_is_left_behind_is_given_up) {
  const Config config{{"eta", 3.0}};
  Hyperband rule(config.options(), {.n_objectives = 2, .budget = epochs(9)});  // begins with nine trials, rungs 1, 3
  test::History h(2);
  for (std::uint64_t t = 0; t < 9; ++t) {  // front: 6, 7, 8
    const auto x = static_cast<double>(t);
    h.report(t, TrialState::paused, 1, t < 6 ? std::vector{20 - x, 20 - x} : std::vector{x, 15 - x});
  }
  std::vector<std::uint64_t> promoted;
  for (const Promotion& p : rule.poll(h.view())) promoted.push_back(p.trial_id);
  EXPECT_THAT(promoted, UnorderedElementsAre(6, 7, 8));
  EXPECT_THAT(rule.give_up(h.view()), UnorderedElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Hyperband, rounds_follow_each_other_and_failures_block_none) {
  const Config config{{"eta", 3.0}};
  Hyperband rule(config.options(), {.parallel = 3, .budget = epochs(9)});  // 9, 5, 3 trials
  SmallStudy study(rule, 3, 9, [](std::uint64_t t, double b) -> std::optional<std::vector<double>> {
    if (t % 6 == 2) return std::nullopt;
    return std::vector{static_cast<double>(t * 7 % 11) + 1 / b};
  });
  study.run(3 * 17);
  for (const std::uint64_t round : {0U, 17U, 34U}) {
    EXPECT_EQ(study.count_at(9, round, round + 9), 1U);
    EXPECT_EQ(study.count_at(3, round, round + 9), 3U);
    EXPECT_EQ(study.count_at(9, round + 9, round + 14), 1U);
    EXPECT_GE(study.count_at(9, round + 14, round + 17), 2U) << "the last bracket trains all to the end";
  }
}

}  // namespace
}  // namespace nascent::hyperband
