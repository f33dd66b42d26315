#include "mcmc/moves.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "support/finite_spaces.hpp"
#include "support/spaces.hpp"
#include "support/statistics.hpp"

namespace nascent::mcmc {
namespace {

using test::branching_space;
using test::configurations;

// Draws x from the prior and moves to y by the acceptance rule for the prior alone, many times, independently. Detailed
// balance makes (x, y) as frequent as (y, x).
TEST(Moves, are_reversible_across_branches) {
  const SpaceDeclaration space = branching_space();
  const SpaceView view(space.view());
  const Moves moves(view);
  const std::vector<Point> all = configurations(view);
  ASSERT_EQ(all.size(), 3U + 3 * 2 * (2 + 3));
  std::map<std::pair<std::vector<double>, std::vector<double>>, double> counts;
  const int n = 400000;
  Rng rng(7);
  for (int i = 0; i < n; ++i) {
    Point x(view.size()), y(view.size());
    view.sample(rng, x.row());
    const Proposal p = moves.propose(x.row(), {.single = 0.3, .block = 0.2}, rng, y.row());
    ASSERT_TRUE(view.contains(y.row()));
    if (std::log(rng.uniform()) < p.log_ratio) counts[{x.x, y.x}] += 1;
  }
  // Bowker's test of symmetry: each pair adds (n_xy - n_yx)^2 / (n_xy + n_yx), chi-square of one degree of freedom.
  double statistic = 0;
  std::size_t degrees = 0;
  for (const auto& [pair, forth] : counts) {
    if (!(pair.first < pair.second)) continue;
    const auto back = counts.find({pair.second, pair.first});
    const double both = forth + (back == counts.end() ? 0 : back->second);
    if (both < 20) continue;
    statistic += std::pow(2 * forth - both, 2) / both;
    ++degrees;
  }
  ASSERT_GT(degrees, 200U);
  EXPECT_LT(statistic, test::chi_square_limit(degrees));  // fails by chance once in 10^6 seeds
}

// The same for each move on continuous parameters: starting in the prior, the chain stays in it.
TEST(Moves, leave_the_prior_as_it_is_on_continuous_parameters) {
  SpaceBuilder s;
  s.real("rate", 1e-4, 1e-1, {.scale = Scale::log});
  s.real("share", -1, 1, {.normal = NormalPrior{0.2, 0.5}});
  s.integer("count", 1, 100000, {.scale = Scale::log});
  const SpaceDeclaration space = s.declaration();
  const SpaceView view(space.view());
  const Moves moves(view);
  std::vector<std::vector<double>> ranks(3);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    Rng rng(11, i);
    Point x(3), y(3);
    view.sample(rng, x.row());
    for (int step = 0; step < 3; ++step) {
      const Proposal p = moves.propose(x.row(), {.single = 0.4, .block = 0.3}, rng, y.row());
      if (std::log(rng.uniform()) < p.log_ratio) x = y;
    }
    for (std::size_t k = 0; k < 3; ++k) {  // uniform where the value follows the prior
      const samplers::Quantiles q = moves.scale().quantiles(k, x.x[k]);
      ranks[k].push_back(rng.uniform(q.from, q.to));
    }
  }
  for (const auto& r : ranks) {  // three tests, each fails by chance once in 10^6 seeds
    EXPECT_LT(test::kolmogorov_smirnov(r, [](double u) { return u; }), test::kKolmogorovSmirnovLimit);
  }
}

TEST(Moves, never_spend_a_trial_on_standing_still_where_parameters_have_few_levels) {
  const SpaceDeclaration space = branching_space();
  const SpaceView view(space.view());
  const Moves moves(view);
  Rng rng(3);
  for (const Point& x : configurations(view)) {
    for (int i = 0; i < 300; ++i) {
      Point y(view.size());
      const Move move = moves.propose(x.row(), {.single = 1e-4, .block = 1e-4}, rng, y.row()).move;
      ASSERT_TRUE(move == Move::prior || x != y);
    }
  }
}

TEST(Moves, a_branch_of_more_parameters_costs_what_the_choice_of_one_costs) {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"plain", "rich"});
  s.when(s.is(kind, "rich"), [](SpaceBuilder& in) {
    for (int i = 0; i < 9; ++i) in.real("p" + std::to_string(i), 0, 1);
  });
  const SpaceDeclaration space = s.declaration();
  const Moves moves{SpaceView(space.view())};
  Point plain(10), y(10);
  plain.active[0] = 1;
  Rng rng(5);
  for (int seen = 0; seen < 20;) {
    const Proposal p = moves.propose(plain.row(), {}, rng, y.row());
    if (p.move != Move::single) continue;
    ASSERT_EQ(y.x[0], 1) << "the only free parameter";
    EXPECT_NEAR(p.log_ratio, std::log(1.0 / 10), 1e-12) << "1 parameter to choose from before, 10 after";
    ++seen;
  }
}

TEST(Moves, stay_in_the_space_from_everywhere) {
  const SpaceDeclaration space = test::mixed_space();
  const SpaceView view(space.view());
  const Moves moves(view);
  Rng rng(13);
  Point x(view.size()), y(view.size());
  view.sample(rng, x.row());
  for (int i = 0; i < 20000; ++i) {
    const Proposal p = moves.propose(x.row(), {.single = 0.5, .block = 1.0}, rng, y.row());
    ASSERT_TRUE(view.contains(y.row())) << i;
    ASSERT_TRUE(std::isfinite(p.log_ratio));
    std::swap(x, y);
  }
}

TEST(Moves, one_configuration_is_proposed_again) {
  SpaceBuilder s;
  s.choice("only", {"one"});
  s.choice("certain", {"never", "always"}, {0, 1});
  s.real("fixed", 0.5, 0.5);
  const SpaceDeclaration space = s.declaration();
  const Moves moves{SpaceView(space.view())};
  Rng rng(17);
  Point x(3), y(3);
  SpaceView(space.view()).sample(rng, x.row());
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(moves.propose(x.row(), {}, rng, y.row()).log_ratio, 0);
    EXPECT_EQ(x, y);
  }
}

TEST(Moves, a_million_choices_are_moved_between_by_their_prior) {
  std::vector<std::int64_t> values(1000000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  std::vector<double> weights(values.size(), 1);
  weights[5] = 1e6;  // half of all
  SpaceBuilder s;
  s.choice("weighted", values, weights);
  s.choice("even", values);
  s.ordinal("ordered", values);
  const SpaceDeclaration space = s.declaration();
  const Moves moves{SpaceView(space.view())};
  Rng rng(19);
  Point x(3), y(3);
  x.active = {1, 1, 1};
  x.x = {7, 7, 500000};
  int to_heavy = 0, moved = 0;
  for (int i = 0; i < 2000; ++i) {
    const Proposal p = moves.propose(x.row(), {.single = 0.01}, rng, y.row());
    if (p.move != Move::single || y.x[0] == 7) continue;
    ++moved;
    to_heavy += y.x[0] == 5 ? 1 : 0;
    if (y.x[0] == 5) {
      EXPECT_NEAR(p.log_ratio, std::log(1 / 0.5), 1e-5);
    }
  }
  // Binomial with p = 0.5: 6 standard deviations, 2e-9.
  EXPECT_NEAR(to_heavy, 0.5 * moved, 3 * std::sqrt(moved));
}

}  // namespace
}  // namespace nascent::mcmc
