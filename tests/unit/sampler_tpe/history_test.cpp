#include "tpe/history.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/observations.hpp"

namespace nascent::tpe {
namespace {

Coordinates marked(std::uint64_t trial) { return {{static_cast<double>(trial), 0}}; }

std::shared_ptr<const Told> told(std::uint64_t trial, std::vector<double> values, double setback = 0) {
  return std::make_shared<const Told>(Told{trial, marked(trial), setback, std::move(values)});
}

std::vector<std::uint64_t> trials(const std::vector<Component>& group) {
  std::vector<std::uint64_t> ids;
  for (const Component& c : group) ids.push_back(static_cast<std::uint64_t>(c.at->front().at));
  return ids;
}

std::shared_ptr<const Told> from(TrialState state, std::vector<double> values, std::vector<double> constraints = {},
                                 double budget = 1) {
  test::History h(values.size(), constraints.size());
  h.add(0, state, std::move(values), Point(1), std::move(constraints), budget);
  return told_from(h.view()[0], marked(0));
}

using Ids = std::vector<std::uint64_t>;

TEST(RankWeights, are_sums_of_reciprocals_and_ties_share) {
  const std::vector<Key> apart{{0, 1}, {0, 2}, {0, 3}}, tied{{0, 1}, {0, 1}, {1, 1}};
  EXPECT_EQ(rank_weights(apart), (std::vector<double>{1.0 / 3 + 1.0 / 2 + 1, 1.0 / 3 + 1.0 / 2, 1.0 / 3}));
  const std::vector<double> shared = rank_weights(tied);
  EXPECT_DOUBLE_EQ(shared[0], 4.0 / 3);
  EXPECT_DOUBLE_EQ(shared[1], 4.0 / 3);
  EXPECT_DOUBLE_EQ(shared[2], 1.0 / 3);
}

TEST(History, the_best_share_is_good_rounded_up_and_the_rest_bad) {
  History h({.good_share = 0.25, .good_max = 25, .bad_max = 500});
  for (const auto& [trial, value] :
       std::vector<std::pair<std::uint64_t, double>>{{0, 5}, {1, 1}, {2, 4}, {3, 0}, {4, 9}}) {
    h.add(told(trial, {value}));
  }
  EXPECT_EQ(trials(h.good()), (Ids{3, 1}));
  EXPECT_EQ(trials(h.bad()), (Ids{4, 2, 0}));
  EXPECT_DOUBLE_EQ(h.good()[0].weight, 1.5);
  EXPECT_DOUBLE_EQ(h.good()[1].weight, 0.5);
}

TEST(History, feasible_before_infeasible_by_violation_before_pruned_by_budget) {
  const auto of = [](const std::shared_ptr<const Told>& t) { return t->setback; };
  const double feasible = of(from(TrialState::completed, {1}, {-1, 0}));
  const double near = of(from(TrialState::completed, {1}, {0.1, 0.1})),
               far = of(from(TrialState::completed, {1}, {5, -9}));
  const double unknown = of(from(TrialState::completed, {1}, {std::nan(""), 0}));
  const double late = of(from(TrialState::pruned, {1}, {}, 8)), early = of(from(TrialState::pruned, {1}, {}, 2));
  EXPECT_EQ(feasible, 0);
  EXPECT_LT(feasible, near);
  EXPECT_LT(near, far);
  EXPECT_LT(far, unknown);
  EXPECT_LT(unknown, late);
  EXPECT_LT(late, early);
}

TEST(History, trials_without_a_finite_value_are_bad_and_do_not_raise_the_number_of_good_ones) {
  EXPECT_TRUE(from(TrialState::failed, {0})->values.empty());
  EXPECT_TRUE(from(TrialState::completed, {HUGE_VAL})->values.empty());
  EXPECT_TRUE(from(TrialState::completed, {1, std::nan("")})->values.empty());
  History h({.good_share = 0.5, .good_max = 25, .bad_max = 500});
  for (std::uint64_t t = 0; t < 10; ++t) h.add(told(t, {}));
  EXPECT_TRUE(h.good().empty());
  h.add(told(10, {3}));
  EXPECT_EQ(trials(h.good()), Ids{10});
  EXPECT_EQ(h.bad().size(), 10U);
}

TEST(History, keeps_the_best_of_all_and_the_newest_of_the_others) {
  History h({.good_share = 0.5, .good_max = 3, .bad_max = 4});
  for (std::uint64_t t = 0; t < 1000; ++t) h.add(told(t, {static_cast<double>((t * 617 + 400) % 1000)}));
  std::set<std::uint64_t> good, expected;
  for (const std::uint64_t t : trials(h.good())) good.insert((t * 617 + 400) % 1000);
  EXPECT_EQ(good, (std::set<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(trials(h.bad()), (Ids{999, 998, 997, 996}));
}

TEST(History, of_several_objectives_goes_by_rank_then_by_hypervolume) {
  History h({.good_share = 1, .good_max = 4, .bad_max = 10});
  h.add(told(0, {0, 10}));
  h.add(told(1, {10, 0}));
  h.add(told(2, {9, 9}));  // dominated by 3
  h.add(told(3, {4, 4}));
  h.add(told(4, {3.9, 4.2}));   // hardly more than 3 covers
  h.add(told(5, {0, 0}, 0.5));  // infeasible
  EXPECT_EQ(std::set<std::uint64_t>({0, 1, 3, 4}), [&] {
    const Ids ids = trials(h.good());
    return std::set<std::uint64_t>(ids.begin(), ids.end());
  }());
  EXPECT_EQ(trials(h.good()).back(), 4U);
}

TEST(History, of_several_objectives_weighs_by_the_hypervolume_that_a_trial_adds) {
  History h({.good_share = 1, .good_max = 10, .bad_max = 10});
  h.add(told(0, {0, 2}));
  h.add(told(1, {1, 1}));
  h.add(told(2, {2, 0}));
  h.add(told(3, {2, 2}));
  // Reference (2.2, 2.2): the ends add 1 x 0.2 each, the middle 1 x 1; the dominated one nothing.
  const double mean = 1.4 / 4;
  for (const Component& c : h.good()) {
    const double adds[] = {0.2, 1, 0.2, 0};
    EXPECT_NEAR(c.weight, 0.1 + 0.9 * adds[static_cast<std::size_t>(c.at->front().at)] / mean, 1e-9);
  }
}

TEST(History, of_several_objectives_weighs_infeasible_and_equal_trials_alike) {
  History infeasible({.good_share = 1, .good_max = 10, .bad_max = 10}), equal = infeasible;
  for (std::uint64_t t = 0; t < 3; ++t) {
    infeasible.add(told(t, {static_cast<double>(t), 0}, 0.5));
    equal.add(told(t, {1, 1, 1}));
  }
  for (const Component& c : infeasible.good()) EXPECT_EQ(c.weight, 1);
  for (const Component& c : equal.good()) EXPECT_EQ(c.weight, 1);
}

}  // namespace
}  // namespace nascent::tpe
