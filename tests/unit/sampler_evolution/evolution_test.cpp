#include "evolution/evolution.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/losses.hpp"
#include "support/spaces.hpp"

namespace nascent::evolution {
namespace {

using test::Config;
using test::History;
using test::SamplerCase;
using test::SamplerInstance;

const nas_sampler_vt& table() { return SamplerKind::table<Evolution>; }

SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given, SamplerCase c = {}) {
  Config config(given);
  config.complete<Evolution>();
  return {table(), space, config, c};
}

// Runs trials one after another and returns what was asked; every `fail_every`-th trial fails.
std::vector<Point> run(SamplerInstance& sampler, const SpaceDeclaration& space, std::uint64_t trials,
                       std::uint64_t fail_every = 0) {
  std::vector<Point> asked;
  for (std::uint64_t t = 0; t < trials; ++t) {
    asked.push_back(sampler.ask_one(t));
    History h;
    const bool fails = fail_every != 0 && t % fail_every == 0;
    h.add(t, fails ? TrialState::failed : TrialState::completed, {fails ? 0.0 : test::distance_loss(space)(asked.back())},
          asked.back());
    sampler.tell(h);
  }
  return asked;
}

TEST(Evolution, begins_with_the_draws_of_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"population", 10}});
  for (std::uint64_t t = 0; t < 10; ++t) {
    Rng rng(1, t);
    Point expected(space.size());
    SpaceView(space.view()).sample(rng, expected.row());
    const Point asked = sampler.ask_one(t);
    EXPECT_EQ(asked, expected);
    History h;
    h.add(t, TrialState::completed, {1.0}, asked);
    sampler.tell(h);
  }
}

TEST(Evolution, finds_better_configurations_than_random_search) {
  const SpaceDeclaration space = test::mixed_space();
  int wins = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto sampler = make(space, {{"population", 20}, {"tournament", 6}}, {.seed = seed});
    const test::Loss loss = test::distance_loss(space);
    wins += test::best_of(run(sampler, space, 200), loss) < test::best_of(test::prior_draws(space, seed, 200), loss) ? 1 : 0;
  }
  EXPECT_GE(wins, 18) << "of 20; the seeds are fixed, so the outcome is";
}

TEST(Evolution, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  auto lived = make(space, {{"population", 8}, {"tournament", 3}});
  const auto asked = run(lived, space, 40, 5);
  auto replayed = make(space, {{"population", 8}, {"tournament", 3}});
  History all;
  for (std::uint64_t t = 0; t < asked.size(); ++t) {
    const bool fails = t % 5 == 0;
    all.add(t, fails ? TrialState::failed : TrialState::completed, {fails ? 0.0 : test::distance_loss(space)(asked[t])}, asked[t]);
  }
  replayed.tell(all);
  EXPECT_EQ(lived.ask({40, 41, 42, 43}), replayed.ask({40, 41, 42, 43}));
  EXPECT_EQ(lived.ask_one(41), replayed.ask({41, 40}).at(0)) << "and does not depend on what was asked before";
}

TEST(Evolution, other_seeds_and_trials_give_other_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  auto a = make(space, {}, {.seed = 1});
  auto b = make(space, {}, {.seed = 2});
  EXPECT_NE(a.ask_one(0), b.ask_one(0));
  EXPECT_NE(a.ask_one(0), a.ask_one(1));
}

TEST(Evolution, children_are_one_mutation_away_from_a_living_member) {
  SpaceBuilder s;
  for (int i = 0; i < 6; ++i) s.integer("p" + std::to_string(i), 0, 99);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 5}, {"tournament", 2}, {"mutations", 1}});
  std::vector<Point> asked;
  for (std::uint64_t t = 0; t < 60; ++t) {
    asked.push_back(sampler.ask_one(t));
    if (t >= 5) {
      std::size_t fewest = 6;
      for (std::uint64_t living = t - 5; living < t; ++living) {
        std::size_t different = 0;
        for (std::size_t k = 0; k < 6; ++k) different += asked[t].x[k] != asked[living].x[k] ? 1 : 0;
        fewest = std::min(fewest, different);
      }
      EXPECT_EQ(fewest, 1U) << "trial " << t;
    }
    History h;
    h.add(t, TrialState::completed, {asked.back().x[0]}, asked.back());
    sampler.tell(h);
  }
}

TEST(Evolution, failed_invalid_and_pruned_trials_do_not_become_parents) {
  SpaceBuilder s;
  for (int i = 0; i < 6; ++i) s.integer("p" + std::to_string(i), 0, 99);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 4}, {"tournament", 4}, {"mutations", 1}});
  // Good ones have p5 = 99; the others look better by value but must not count.
  Point good(6), bad(6);
  good.x = {50, 50, 50, 50, 50, 99};
  good.active.assign(6, 1);
  bad.active.assign(6, 1);
  std::uint64_t t = 0;
  History h;
  for (int i = 0; i < 4; ++i) h.add(t++, TrialState::completed, {10.0}, good);
  for (const TrialState state :
       {TrialState::failed, TrialState::pruned, TrialState::invalid, TrialState::failed, TrialState::pruned}) {
    h.add(t++, state, {-100.0}, bad);
  }
  h.add(t++, TrialState::completed, {std::nan("")}, bad);
  sampler.tell(h);
  for (int i = 0; i < 50; ++i) {
    const Point child = sampler.ask_one(t + static_cast<std::uint64_t>(i));
    std::size_t from_good = 0;
    for (std::size_t k = 0; k < 6; ++k) from_good += child.x[k] == good.x[k] ? 1 : 0;
    EXPECT_GE(from_good, 5U);
  }
}

TEST(Evolution, when_every_trial_fails_it_goes_on_with_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"population", 4}, {"tournament", 2}});
  const auto asked = run(sampler, space, 30, 1);
  for (const Point& p : asked) EXPECT_TRUE(SpaceView(space.view()).contains(p.row()));
  EXPECT_GT(std::set<double>([&] {
              std::set<double> rates;
              for (const Point& p : asked) rates.insert(p.x[0]);
              return rates;
            }())
                .size(),
            25U);
}

TEST(Evolution, feasible_members_win_tournaments_over_better_infeasible_ones) {
  SpaceBuilder s;
  for (int i = 0; i < 6; ++i) s.integer("p" + std::to_string(i), 0, 99);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 2}, {"tournament", 2}, {"mutations", 1}}, {.n_constraints = 1});
  Point feasible(6), infeasible(6);
  feasible.x.assign(6, 70);
  infeasible.x.assign(6, 20);
  feasible.active.assign(6, 1);
  infeasible.active.assign(6, 1);
  History h(1, 1);
  h.add(0, TrialState::completed, {5.0}, feasible, {-1.0}).add(1, TrialState::completed, {-5.0}, infeasible, {3.0});
  sampler.tell(h);
  int from_feasible = 0;
  for (std::uint64_t t = 2; t < 402; ++t)
    from_feasible += sampler.ask_one(t).x[0] == 70 || sampler.ask_one(t).x[1] == 70 ? 1 : 0;
  // The infeasible one becomes parent only when drawn twice: 1/4. Binomial(400, 3/4): sd 8.7, 6 sd (2e-9).
  EXPECT_NEAR(from_feasible, 300, 52);
}

TEST(Evolution, pending_trials_end_the_initial_phase_and_are_not_repeated) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 2}, {"tournament", 1}});
  History told, pending;
  Point a(1), b(1);
  a.active = b.active = {1};
  b.x = {1};
  told.add(0, TrialState::completed, {1.0}, a);
  sampler.tell(told);
  pending.add(1, TrialState::pending, {}, b);
  for (std::uint64_t t = 2; t < 50; ++t)
    EXPECT_EQ(sampler.ask_one(t, pending.get()).x[0], 2) << "the only one that is left";
}

TEST(Evolution, ends_when_every_configuration_was_tried) {
  SpaceBuilder s;
  s.choice("c", {"only"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 2}, {"tournament", 1}});
  History h;
  h.add(0, TrialState::completed, {1.0}, sampler.ask_one(0));
  sampler.tell(h);
  try {
    sampler.ask_one(1);
    FAIL() << "proposed something";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_EXHAUSTED);
    EXPECT_STREQ(e.what(), "every configuration of this space has been tried");
  }
}

TEST(Evolution, several_objectives_spread_over_the_front) {
  SpaceBuilder s;
  s.real("x", -5, 5);
  s.real("y", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 20}, {"tournament", 5}, {"mutations", 2}}, {.n_objectives = 2});
  std::vector<Point> asked;
  for (std::uint64_t t = 0; t < 400; ++t) {
    asked.push_back(sampler.ask_one(t));
    const double x = asked.back().x[0], y = asked.back().x[1];
    History h(2);
    h.add(t, TrialState::completed, {x * x + y, (x - 2) * (x - 2) + y},
          asked.back());  // Schaffer; front: x in [0, 2], y = 0
    sampler.tell(h);
  }
  int near_front = 0;
  double lowest = 9, highest = -9;
  for (std::size_t t = 300; t < 400; ++t) {
    if (asked[t].x[1] < 0.3 && asked[t].x[0] > -0.5 && asked[t].x[0] < 2.5) {
      ++near_front;
      lowest = std::min(lowest, asked[t].x[0]);
      highest = std::max(highest, asked[t].x[0]);
    }
  }
  EXPECT_GT(near_front, 30);  // random search: 9 of 100
  EXPECT_LT(lowest, 0.5);
  EXPECT_GT(highest, 1.5);
}

TEST(Evolution, a_tournament_larger_than_the_population_is_drawn_with_repetition) {
  SpaceBuilder s;
  for (int i = 0; i < 6; ++i) s.integer("p" + std::to_string(i), 0, 99);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 2}, {"tournament", 16}, {"mutations", 1}});
  Point fittest(6), other(6);
  fittest.x.assign(6, 70);
  other.x.assign(6, 20);
  fittest.active.assign(6, 1);
  other.active.assign(6, 1);
  History h;
  h.add(0, TrialState::completed, {-5.0}, fittest).add(1, TrialState::completed, {5.0}, other);
  sampler.tell(h);
  // The other one becomes parent only when drawn 16 times: 2^-16 a child, 0.3 % that one of 200 has it.
  for (std::uint64_t t = 2; t < 202; ++t)
    EXPECT_TRUE(sampler.ask_one(t).x[0] == 70 || sampler.ask_one(t).x[1] == 70) << t;
}

}  // namespace
}  // namespace nascent::evolution
