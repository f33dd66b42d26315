#include "shared/best_first.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "support/observations.hpp"
#include "support/scheduler_histories.hpp"

namespace nascent::schedulers {
namespace {

using test::History;
using testing::ElementsAre;

std::vector<std::uint64_t> ids_best_first(History& h, double budget) {
  std::vector<Curve> trials = curves_of(h.view());
  std::vector<Curve> backwards(trials.rbegin(), trials.rend());
  std::vector<std::uint64_t> ids, again;
  for (const Curve& t : best_first(std::move(trials), budget)) ids.push_back(t.trial_id());
  for (const Curve& t : best_first(std::move(backwards), budget)) again.push_back(t.trial_id());
  EXPECT_EQ(ids, again) << "the order given does not matter";
  return ids;
}

TEST(BestFirst, one_objective_is_ranked_by_value_and_the_lower_id_wins_a_tie) {
  History h;
  for (const auto& [id, value] : std::map<std::uint64_t, double>{{2, 0.5}, {3, 0.2}, {7, 0.5}, {8, 0.1}})
    h.report(id, TrialState::paused, 1, {value}).report(id, TrialState::paused, 2, {1 - value});
  EXPECT_THAT(ids_best_first(h, 1), ElementsAre(8, 3, 2, 7));
  EXPECT_THAT(ids_best_first(h, 2), ElementsAre(2, 7, 3, 8));
}

TEST(BestFirst, who_did_not_get_so_far_or_has_no_finite_value_is_last) {
  History h;
  h.report(0, TrialState::failed, 1, {0.1})
      .report(1, TrialState::paused, 3, {std::numeric_limits<double>::quiet_NaN()});
  h.report(2, TrialState::paused, 3, {9}).report(3, TrialState::paused, 3, {-std::numeric_limits<double>::infinity()});
  EXPECT_THAT(ids_best_first(h, 3), ElementsAre(2, 0, 1, 3));
  EXPECT_THAT(ids_best_first(h, 4), ElementsAre(0, 1, 2, 3));
}

TEST(BestFirst, several_objectives_are_ranked_by_pareto_layers_then_by_crowding) {
  History h(2);
  const std::vector<std::vector<double>> points{{5, 5}, {1, 4}, {2, 2}, {4, 1}, {3, 3}, {1.1, 3.9}};
  for (std::size_t i = 0; i < points.size(); ++i) h.report(i, TrialState::paused, 1, points[i]);
  // The front is 1, 5, 2, 3 along the first objective. Crowding distances: infinite at both ends; of 5: (2 - 1) / 3 +
  // (4 - 2) / 3 = 1; of 2: (4 - 1.1) / 3 + (3.9 - 1) / 3 = 1.93.
  EXPECT_THAT(ids_best_first(h, 1), ElementsAre(1, 3, 2, 5, 4, 0));
}

TEST(BestFirst, the_first_of_any_number_are_those_of_the_plain_ranking) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Rng rng(1, seed);
    History h = test::random_history(rng, 1 + seed % 2);
    const std::vector<Curve> trials = curves_of(h.view());
    const double budget = static_cast<double>(rng.below(9));
    const std::vector<std::uint64_t> expected = test::ranked(trials, budget);
    for (const std::size_t n : {std::size_t{0}, trials.size() / 3, trials.size(), trials.size() + 1}) {
      std::vector<std::uint64_t> ids;
      for (const Curve& t : best_first(trials, budget, n)) ids.push_back(t.trial_id());
      EXPECT_TRUE(std::equal(ids.begin(), ids.end(), expected.begin(), expected.begin() + std::min(n, expected.size()))) << seed << " " << n;
      EXPECT_EQ(ids.size(), std::min(n, trials.size()));
    }
  }
}

}  // namespace
}  // namespace nascent::schedulers
