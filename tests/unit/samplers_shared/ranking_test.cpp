#include "shared/ranking.hpp"

#include <gtest/gtest.h>

#include "nascent/rng.hpp"

namespace nascent::samplers {
namespace {

// Constrained domination by the words of the paper.
bool beats(const Outcome& a, const Outcome& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  bool better = false;
  for (std::size_t k = 0; k < a.values.size(); ++k) {
    if (a.values[k] > b.values[k]) return false;
    better = better || a.values[k] < b.values[k];
  }
  return better;
}

TEST(Ranking, fronts_equal_those_of_peeling_off_what_nobody_dominates) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    const std::size_t n_objectives = 1 + seed % 4;
    std::vector<Outcome> outcomes(40);
    for (Outcome& o : outcomes) {
      for (std::size_t k = 0; k < n_objectives; ++k) o.values.push_back(static_cast<double>(rng.below(12)));
      if (seed % 2 == 1) o.violation = static_cast<double>(rng.below(3));
    }
    const Ranking ranking(outcomes);
    std::vector<std::size_t> left(outcomes.size());
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
    for (std::size_t front = 0; !left.empty(); ++front) {
      std::vector<std::size_t> rest;
      for (const std::size_t i : left) {
        bool beaten = false;
        for (const std::size_t j : left) beaten = beaten || beats(outcomes[j], outcomes[i]);
        if (beaten) {
          rest.push_back(i);
        } else {
          EXPECT_EQ(ranking.rank[i], front) << "outcome " << i << " of seed " << seed;
        }
      }
      left = rest;
    }
  }
}

TEST(Ranking, within_a_front_the_least_crowded_come_first_and_ties_go_to_the_later) {
  // The front 0, 1, 2, 3 and the dominated 4. By hand (section III-B): the ends are infinitely far,
  // d1 = (1.1 - 0) / 4 + (4 - 2.9) / 4 = 0.55, d2 = (4 - 1) / 4 + (3 - 0) / 4 = 1.5.
  const std::vector<Outcome> outcomes{{{0, 4}}, {{1, 3}}, {{1.1, 2.9}}, {{4, 0}}, {{1.5, 3.5}}};
  const Ranking ranking(outcomes);
  EXPECT_EQ(ranking.best_first, (std::vector<std::size_t>{3, 0, 2, 1, 4}));
  EXPECT_NEAR(ranking.crowding[1], 0.55, 1e-12);
  EXPECT_NEAR(ranking.crowding[2], 1.5, 1e-12);
}

TEST(Ranking, one_objective_goes_by_violation_then_value) {
  const std::vector<Outcome> outcomes{{{9}, 0}, {{1}, 0.5}, {{0}, 2}, {{3}, 0}, {{3}, 0}};
  EXPECT_EQ(Ranking(outcomes).best_first, (std::vector<std::size_t>{4, 3, 0, 1, 2}));
}

TEST(Ranking, nothing_is_ranked_as_nothing) { EXPECT_TRUE(Ranking({}).best_first.empty()); }

}  // namespace
}  // namespace nascent::samplers
