#include "nascent/pareto.hpp"

#include <gtest/gtest.h>

#include "nascent/rng.hpp"

namespace nascent::pareto {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// Random outcomes on a coarse grid, so that ties and repeats occur; a third of them violate something.
struct Random {
  Random(std::uint64_t seed, std::size_t n, std::size_t n_objectives, bool constrained) {
    Rng rng(seed);
    for (std::size_t i = 0; i < n * n_objectives; ++i) values.push_back(static_cast<double>(rng.below(8)));
    for (std::size_t i = 0; constrained && i < n; ++i)
      violations.push_back(rng.below(3) == 0 ? static_cast<double>(rng.below(3)) : 0.0);
    outcomes = {values, n_objectives, violations};
  }
  std::vector<double> values, violations;
  Outcomes outcomes;
};

// The definition: take away, again and again, those whom nobody left dominates.
std::vector<std::size_t> peeled(const Outcomes& all) {
  const std::size_t unranked = all.size();
  std::vector<std::size_t> rank(all.size(), unranked);
  for (std::size_t round = 0; std::ranges::count(rank, unranked) > 0; ++round) {
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (rank[i] != unranked) continue;
      bool dominated = false;
      for (std::size_t j = 0; j < all.size(); ++j)
        dominated = dominated || (rank[j] == unranked && dominates(all, j, i));
      if (!dominated) front.push_back(i);
    }
    for (const std::size_t i : front) rank[i] = round;
  }
  return rank;
}

// Unit cells of the grid [0, 8)^m below the reference (8, ..., 8) that a feasible outcome dominates: exact, since all
// coordinates are whole.
double counted_volume(const Outcomes& all) {
  std::size_t cells = 1, covered = 0;
  for (std::size_t k = 0; k < all.n_objectives; ++k) cells *= 8;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    bool is_covered = false;
    for (std::size_t i = 0; i < all.size() && !is_covered; ++i) {
      bool below = all.violation(i) == 0;
      for (std::size_t k = 0, rest = cell; k < all.n_objectives; ++k, rest /= 8)
        below = below && all[i][k] <= static_cast<double>(rest % 8);
      is_covered = below;
    }
    covered += is_covered ? 1 : 0;
  }
  return static_cast<double>(covered);
}

TEST(Pareto, an_outcome_dominates_when_nowhere_worse_and_somewhere_better) {
  const std::vector<double> values{1, 2, 1, 3, 0, 9, 1, 2};
  const Outcomes all{values, 2};
  EXPECT_TRUE(dominates(all, 0, 1));
  EXPECT_FALSE(dominates(all, 1, 0));
  EXPECT_FALSE(dominates(all, 0, 2));
  EXPECT_FALSE(dominates(all, 2, 0));
  EXPECT_FALSE(dominates(all, 0, 3)) << "equal";
}

TEST(Pareto, the_smaller_violation_dominates_whatever_the_values) {
  const std::vector<double> values{9, 9, 0, 0, 5, 5, 4, 4}, violations{0, inf, 2, 2};
  const Outcomes all{values, 2, violations};
  EXPECT_TRUE(dominates(all, 0, 1));
  EXPECT_TRUE(dominates(all, 2, 1));
  EXPECT_TRUE(dominates(all, 3, 2)) << "equal violations: the values decide";
  EXPECT_EQ(ranks(all), (std::vector<std::size_t>{0, 3, 2, 1}));
}

TEST(Pareto, violations_add_up_and_nan_is_the_worst) {
  EXPECT_EQ(total_violation({}), 0);
  EXPECT_EQ(total_violation(std::vector<double>{-4.0, 1.5, 0.0, 2.0}), 3.5);
  EXPECT_EQ(total_violation(std::vector<double>{-4.0, std::nan("")}), inf);
}

TEST(Pareto, ranks_are_those_of_the_definition) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Random random(seed, 1 + seed % 60, 1 + seed % 5, seed % 2 == 0);
    EXPECT_EQ(ranks(random.outcomes), peeled(random.outcomes)) << "seed " << seed;
  }
}

TEST(Pareto, crowding_is_the_gap_between_neighbours_of_the_same_rank) {
  const std::vector<double> values{0, 4, 1, 3, 1.1, 2.9, 4, 0, 1.5, 3.5};
  const Outcomes all{values, 2};
  const auto distance = crowding_distances(all, ranks(all));
  EXPECT_EQ(distance[0], inf);
  EXPECT_EQ(distance[3], inf);
  EXPECT_DOUBLE_EQ(distance[1], 1.1 / 4 + (4 - 2.9) / 4);
  EXPECT_DOUBLE_EQ(distance[2], 3.0 / 4 + 3.0 / 4);
  EXPECT_EQ(distance[4], 0) << "alone in its rank";
}

TEST(Pareto, an_objective_that_never_differs_crowds_nobody) {
  const std::vector<double> values{0, 7, 0, 7, 0, 7};
  EXPECT_EQ(crowding_distances({values, 2}, std::vector<std::size_t>{0, 0, 0}), (std::vector<double>{0, 0, 0}));
}

TEST(Pareto, hypervolume_is_the_counted_one) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const Random random(1000 + seed, 1 + seed % 25, 1 + seed % 5, seed % 3 == 0);
    const std::vector<double> reference(random.outcomes.n_objectives, 8.0);
    EXPECT_EQ(hypervolume(random.outcomes, reference), counted_volume(random.outcomes)) << "seed " << seed;
  }
}

TEST(Pareto, what_is_not_better_than_the_reference_everywhere_adds_no_volume) {
  const std::vector<double> values{1, 3, 0, 9, 3, 1, 4, 4};
  EXPECT_EQ(hypervolume({values, 2}, std::vector<double>{4, 4}), 3 + 3 - 1);
  EXPECT_EQ(hypervolume({{}, 2}, std::vector<double>{4, 4}), 0);
}

TEST(Pareto, an_exclusive_hypervolume_is_what_taking_the_outcome_away_costs) {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    const Random random(2000 + seed, 1 + seed % 20, 1 + seed % 4, seed % 3 == 0);
    const Outcomes& all = random.outcomes;
    const std::vector<double> reference(all.n_objectives, 8.0);
    const std::vector<double> exclusive = exclusive_hypervolumes(all, reference);
    const std::vector<std::size_t> rank = ranks(all);
    std::vector<double> front;  // feasible and not dominated
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (rank[i] == 0 && all.violation(i) == 0) front.insert(front.end(), all[i].begin(), all[i].end());
    }
    const double whole = counted_volume({front, all.n_objectives});
    for (std::size_t i = 0, at = 0; i < all.size(); ++i) {
      double expected = 0;
      if (rank[i] == 0 && all.violation(i) == 0) {
        std::vector<double> others = front;
        const auto first = others.begin() + static_cast<std::ptrdiff_t>(at++ * all.n_objectives);
        others.erase(first, first + static_cast<std::ptrdiff_t>(all.n_objectives));
        expected = whole - counted_volume({others, all.n_objectives});
      }
      EXPECT_EQ(exclusive[i], expected) << "seed " << seed << " outcome " << i;
    }
  }
}

TEST(Pareto, refuses_what_cannot_be_compared) {
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  };
  const std::vector<double> not_a_number{1, 2, std::nan(""), 4}, endless{inf}, fine{1, 2}, negative{-1, 0};
  EXPECT_EQ(message([&] { ranks({not_a_number, 2}); }), "value nan of outcome 1 is not finite; leave it out");
  EXPECT_EQ(message([&] { hypervolume({endless, 1}, fine); }), "value inf of outcome 0 is not finite; leave it out");
  EXPECT_EQ(message([&] { ranks({fine, 1, negative}); }), "violation -1.000000 of outcome 0 is not >= 0");
  EXPECT_EQ(message([&] {
              hypervolume({fine, 2}, endless);
            }),
            "the reference point has 1 values; there are 2 objectives");
  EXPECT_EQ(message([&] { ranks({fine, 0}); }), "outcomes without an objective cannot be compared");
  EXPECT_EQ(message([&] {
              ranks({fine, 2, negative});
            }),
            "values and violations are of different lengths; give one row of values and one violation per outcome");
}

TEST(Pareto, ranks_a_hundred_thousand_outcomes_of_two_objectives_at_once) {
  Rng rng(7);
  std::vector<double> values(200000);
  for (double& v : values) v = rng.uniform();
  const auto rank = ranks({values, 2});  // quadratic cost would run into the test's time limit
  EXPECT_EQ(std::ranges::count(rank, 0U) > 0, true);
  EXPECT_GT(*std::ranges::max_element(rank), 100U);
}

}  // namespace
}  // namespace nascent::pareto
