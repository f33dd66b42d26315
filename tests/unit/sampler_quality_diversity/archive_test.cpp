#include "quality-diversity/archive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "nascent/pareto.hpp"
#include "support/statistics.hpp"

namespace nascent::quality_diversity {
namespace {

using Cell = std::vector<std::size_t>;

// The point tells the candidates apart.
Candidate candidate(double id, std::vector<double> values, double violation, std::vector<double> descriptors) {
  Point point(1);
  point.x = {id};
  return {point, {std::move(values), violation}, std::move(descriptors)};
}

std::vector<AxisSettings> unit_axes(std::size_t cells) {
  return {{.metric = "a", .cells = cells, .min = 0, .max = 1}, {.metric = "b", .cells = cells, .min = 0, .max = 1}};
}

std::set<double> elites(const Archive& archive, const Cell& cell) {
  std::set<double> ids;
  for (const Candidate* e : archive.elites(cell)) ids.insert(e->point.x[0]);
  return ids;
}

// Draws from a small set of values, so that ties come up.
std::vector<Candidate> random_candidates(std::size_t n, std::size_t n_objectives, std::uint64_t seed) {
  std::vector<Candidate> all;
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> values;
    for (std::size_t k = 0; k < n_objectives; ++k) values.push_back(static_cast<double>(rng.below(8)));
    const double violation = static_cast<double>(rng.below(3)) / 2;
    all.push_back(candidate(static_cast<double>(i), values, violation, {rng.uniform(), std::exp(9 * rng.uniform())}));
  }
  return all;
}

// By definition: of the candidates of a cell those of the first rank under constrained domination; of equal ones the
// first.
std::map<Cell, std::set<double>> by_definition(const std::vector<Candidate>& all, std::span<const Axis> axes) {
  std::map<Cell, std::vector<const Candidate*>> members;
  for (const Candidate& c : all)
    members[{axes[0].cell(c.descriptors[0]), axes[1].cell(c.descriptors[1])}].push_back(&c);
  std::map<Cell, std::set<double>> best;
  for (const auto& [cell, of_cell] : members) {
    std::vector<double> values, violations;
    for (const Candidate* c : of_cell) {
      values.insert(values.end(), c->outcome.values.begin(), c->outcome.values.end());
      violations.push_back(c->outcome.violation);
    }
    const auto rank = pareto::ranks({values, of_cell.front()->outcome.values.size(), violations});
    std::set<std::pair<std::vector<double>, double>> taken;
    for (std::size_t i = 0; i < of_cell.size(); ++i) {
      const samplers::Outcome& o = of_cell[i]->outcome;
      if (rank[i] == 0 && taken.insert({o.values, o.violation}).second) best[cell].insert(of_cell[i]->point.x[0]);
    }
  }
  return best;
}

TEST(Archive, every_cell_keeps_those_that_nothing_in_it_dominates) {
  for (const std::size_t n_objectives : {1U, 2U, 3U}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::vector<Candidate> all = random_candidates(300, n_objectives, seed);
      Archive fixed(
          {{.metric = "a", .cells = 4, .min = 0, .max = 1}, {.metric = "b", .cells = 3, .min = 1, .max = 8000}});
      Archive learnt({{.metric = "a", .cells = 4}, {.metric = "b", .cells = 3}});
      for (Archive* archive : {&fixed, &learnt}) {
        for (const Candidate& c : all) archive->add(c);
        const auto expected = by_definition(all, archive->axes());
        std::size_t feasible = 0;
        for (std::size_t a = 0; a < 4; ++a) {
          for (std::size_t b = 0; b < 3; ++b) {
            const auto at = expected.find({a, b});
            EXPECT_EQ(elites(*archive, {a, b}), at == expected.end() ? std::set<double>{} : at->second)
                << a << ' ' << b;
            feasible +=
                at != expected.end() && all[static_cast<std::size_t>(*at->second.begin())].outcome.violation == 0;
          }
        }
        EXPECT_EQ(archive->n_filled(), feasible);
        EXPECT_EQ(archive->n_cells(), 12U);
        EXPECT_EQ(archive->size(), 300U);
      }
    }
  }
}

TEST(Archive, the_grid_is_learnt_from_the_candidates_and_widens_with_them) {
  Archive archive({{.metric = "a", .cells = 10}});
  for (int i = 0; i < 50; ++i) archive.add(candidate(i, {0}, 0, {i / 50.0}));
  EXPECT_NEAR(archive.axes()[0].max(), 1, 0.12) << "learnt again at 1.1 times the candidates, at the latest";
  for (int i = 0; i < 50; ++i) archive.add(candidate(50 + i, {0}, 0, {1 + i / 50.0}));
  EXPECT_NEAR(archive.axes()[0].max(), 2, 0.22);
  EXPECT_EQ(archive.n_filled(), 10U);
}

TEST(Archive, an_infeasible_candidate_never_displaces_a_feasible_one) {
  Archive archive(unit_axes(1));
  archive.add(candidate(0, {5}, 0.2, {0, 0}));
  EXPECT_EQ(archive.n_filled(), 0U);
  archive.add(candidate(1, {1}, 0.3, {0, 0}));
  EXPECT_EQ(elites(archive, {0, 0}), std::set<double>{0});
  archive.add(candidate(2, {9}, 0, {0, 0}));
  EXPECT_EQ(elites(archive, {0, 0}), std::set<double>{2});
  archive.add(candidate(3, {0}, 1e-9, {0, 0}));
  EXPECT_EQ(elites(archive, {0, 0}), std::set<double>{2});
  EXPECT_EQ(archive.n_filled(), 1U);
}

TEST(Archive, the_score_is_how_much_better_the_elites_are_than_the_worst_candidate) {
  Archive archive(unit_axes(2));
  EXPECT_EQ(archive.qd_score(), 0);
  archive.add(candidate(0, {10}, 0, {0, 0}));
  EXPECT_EQ(archive.qd_score(), 0);
  archive.add(candidate(1, {4}, 0, {0, 0}));
  EXPECT_EQ(archive.qd_score(), 6);
  archive.add(candidate(2, {7}, 0, {1, 0}));
  archive.add(candidate(3, {0}, 1, {1, 1}));  // infeasible: no part of the score, nor of the worst
  archive.add(candidate(4, {99}, 1, {1, 1}));
  EXPECT_EQ(archive.qd_score(), 9);
  Archive two(unit_axes(2));
  two.add(candidate(0, {4, 5}, 0, {0, 0}));
  two.add(candidate(1, {2, 3}, 0, {0, 0}));
  two.add(candidate(2, {3, 1}, 0, {0, 0}));
  EXPECT_EQ(two.qd_score(), 2 * 2 + 1 * 2) << "up to (4, 5): (2, 3) has 2 x 2, and (3, 1) another 1 x 2 below";
}

TEST(Archive, cells_are_drawn_with_equal_probability_and_feasible_ones_only_if_there_are_any) {
  Archive archive(unit_axes(2));
  archive.add(candidate(0, {1, 1}, 1, {0, 0}));
  archive.add(candidate(1, {1, 1}, 2, {1, 0}));
  const auto counts = [&](std::size_t n_ids) {
    std::vector<double> n(n_ids);
    Rng rng(3);
    for (int i = 0; i < 6000; ++i) n[static_cast<std::size_t>(archive.draw(rng).point.x[0])] += 1;
    return n;
  };
  EXPECT_LT(test::chi_square(counts(2), {0.5, 0.5}), test::chi_square_limit(1));  // 1e-6
  archive.add(candidate(2, {1, 1}, 0, {0, 1}));
  archive.add(candidate(3, {1, 2}, 0, {1, 1}));
  archive.add(candidate(4, {2, 1}, 0, {1, 1}));
  const std::vector<double> n = counts(5);
  EXPECT_EQ(n[0] + n[1], 0);
  EXPECT_LT(test::chi_square({n[2], n[3], n[4]}, {0.5, 0.25, 0.25}), test::chi_square_limit(2));  // 1e-6
}

}  // namespace
}  // namespace nascent::quality_diversity
