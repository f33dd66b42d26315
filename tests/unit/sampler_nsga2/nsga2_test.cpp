#include "nsga2/nsga2.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "nascent/pareto.hpp"
#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"

namespace nascent::nsga2 {
namespace {

using test::Config;
using test::History;
using test::mixed_loss;
using test::SamplerCase;
using test::SamplerInstance;
using Losses = std::function<std::vector<double>(const Point&)>;

SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given, SamplerCase c = {}) {
  Config config(given);
  config.complete<Nsga2>();
  return {SamplerKind::table<Nsga2>, space, config, c};
}

SpaceDeclaration cube(int n) {
  SpaceBuilder s;
  for (int i = 0; i < n; ++i) s.real("x" + std::to_string(i), 0, 1);
  return s.declaration();
}

// The objectives of n trials, run one after another, row-major.
std::vector<double> search(SamplerInstance& sampler, std::size_t n_objectives, std::uint64_t n, const Losses& losses) {
  std::vector<double> all;
  for (std::uint64_t t = 0; t < n; ++t) {
    const Point p = sampler.ask_one(t);
    const std::vector<double> values = losses(p);
    all.insert(all.end(), values.begin(), values.end());
    History h(n_objectives);
    sampler.tell(h.add(t, TrialState::completed, values, p));
  }
  return all;
}

// Zitzler, Deb, Thiele, "Comparison of Multiobjective Evolutionary Algorithms" (2000), test function T1. The front is
// f2 = 1 - sqrt(f1); its hypervolume to (1.1, 1.1) is 1.21 - 1/3 = 0.8767.
std::vector<double> zdt1(const Point& p) {
  double g = 0;
  for (std::size_t i = 1; i < p.x.size(); ++i) g += p.x[i];
  g = 1 + 9 * g / static_cast<double>(p.x.size() - 1);
  return {p.x[0], g * (1 - std::sqrt(p.x[0] / g))};
}

TEST(Nsga2, covers_the_front_of_zdt1) {
  const SpaceDeclaration space = cube(10);
  const std::vector<double> reference{1.1, 1.1};
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto sampler = make(space, {{"population", 100}}, {.seed = seed, .n_objectives = 2});
    const std::vector<double> values = search(sampler, 2, 10000, zdt1);
    const double covered = pareto::hypervolume({values, 2}, reference);
    EXPECT_LE(covered, 1.21 - 1.0 / 3);
    EXPECT_GE(covered, 0.97 * (1.21 - 1.0 / 3)) << "seed " << seed;
  }
}

TEST(Nsga2, parents_are_the_best_of_the_last_parents_and_their_children) {
  SpaceBuilder s;
  for (int i = 0; i < 8; ++i) s.integer("p" + std::to_string(i), 0, 1000000);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 4}, {"crossover", 0.0}});
  const auto point = [](double id) {
    Point p(8);
    p.x.assign(8, id);
    p.active.assign(8, 1);
    return p;
  };
  // Without crossover a child has seven values of its parent. Values: the first generation 8 .. 5, the second 4, 9,
  // 7, 9.
  History h;
  const std::vector<double> values{8, 7, 6, 5, 4, 9, 7, 9};
  for (std::uint64_t t = 0; t < 8; ++t)
    h.add(t, TrialState::completed, {values[t]}, point(10 + static_cast<double>(t)));
  sampler.tell(h);
  std::map<double, int> parents;
  for (std::uint64_t t = 8; t < 808; ++t) {
    std::map<double, int> ids;
    for (const double x : sampler.ask_one(t).x) ++ids[x];
    for (const auto& [id, n] : ids) {
      if (n >= 7) ++parents[id];
    }
  }
  // Best four of eight: values 4, 5, 6 and, of the two 7, the younger. By tournaments of two, with chances 7, 5, 3, 1
  // of 16.
  const std::map<double, double> expected{{14, 350}, {13, 250}, {12, 150}, {16, 50}};
  ASSERT_EQ(parents.size(), expected.size());
  for (const auto& [id, n] : expected) EXPECT_NEAR(parents[id], n, 5 * 14.1) << id;  // sd at most 14.1: 6e-7 each
}

TEST(Nsga2, one_objective_on_a_conditional_space_beats_random_search) {
  const SpaceDeclaration space = test::mixed_space();
  int wins = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto sampler = make(space, {}, {.seed = seed});
    double evolved = HUGE_VAL;
    for (const Point& p : test::run_study(sampler, mixed_loss, 300)) {
      ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
      evolved = std::min(evolved, mixed_loss(p));
    }
    wins += evolved < test::best_of(test::prior_draws(space, seed, 300), mixed_loss) ? 1 : 0;
  }
  EXPECT_GE(wins, 18) << "of 20; the seeds are fixed, so the outcome is";
}

TEST(Nsga2, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  const test::Loss loss = [](const Point& p) { return p.x[4] == 1 ? std::nan("") : mixed_loss(p); };
  for (const std::uint64_t parallel : {1U, 7U}) {
    auto lived = make(space, {{"population", 8}});
    const auto asked = test::run_study(lived, loss, 100, parallel);
    auto replayed = make(space, {{"population", 8}});
    History all = test::told(asked, loss);
    replayed.tell(all);
    EXPECT_EQ(lived.ask({100, 101, 102}), replayed.ask({100, 101, 102}));
    EXPECT_EQ(lived.ask_one(101), replayed.ask({101, 100}).at(0)) << "and does not depend on what was asked before";
  }
}

TEST(Nsga2, failed_invalid_and_pruned_trials_neither_parent_nor_fill_a_generation) {
  const SpaceDeclaration space = test::mixed_space();
  auto told = make(space, {{"population", 4}});
  auto spared = make(space, {{"population", 4}});
  const auto tell = [&](bool with_bad) {
    History h;
    for (std::uint64_t t = 0; t < 12; ++t) {
      Rng rng(9, t);
      Point p(space.size());
      SpaceView(space.view()).sample(rng, p.row());
      const TrialState bad = std::vector{TrialState::failed, TrialState::invalid, TrialState::pruned}[t / 2 % 3];
      if (t % 2 == 0) h.add(t, TrialState::completed, {static_cast<double>(t)}, p);
      if (t % 2 == 1 && with_bad) h.add(t, t == 11 ? TrialState::completed : bad, {t == 11 ? std::nan("") : -100}, p);
    }
    (with_bad ? told : spared).tell(h);
  };
  tell(true);
  tell(false);
  for (std::uint64_t t = 12; t < 40; ++t) EXPECT_EQ(told.ask_one(t), spared.ask_one(t)) << t;
}

TEST(Nsga2, when_every_trial_fails_it_goes_on_with_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"population", 4}});
  const auto asked = test::run_study(
      sampler, [](const Point&) { return std::nan(""); }, 40);
  for (std::uint64_t t = 0; t < 40; ++t) {
    Rng rng(1, t);
    Point expected(space.size());
    SpaceView(space.view()).sample(rng, expected.row());
    EXPECT_EQ(asked[t], expected);
  }
}

TEST(Nsga2, under_constraints_feasible_trials_become_parents_whatever_their_values) {
  const SpaceDeclaration space = cube(4);
  auto sampler = make(space, {{"population", 10}}, {.n_constraints = 1});
  // The lowest sum with x0 + x1 >= 1.2: far from the unconstrained optimum at 0.
  int feasible = 0;
  for (std::uint64_t t = 0; t < 400; ++t) {
    const Point p = sampler.ask_one(t);
    const double sum = p.x[0] + p.x[1] + p.x[2] + p.x[3], excess = 1.2 - p.x[0] - p.x[1];
    if (t >= 300 && excess <= 0) {
      ++feasible;
      EXPECT_LT(sum, 2.7);
    }
    History h(1, 1);
    sampler.tell(h.add(t, TrialState::completed, {sum}, p, {excess}));
  }
  EXPECT_GT(feasible, 50) << "of 100; draws of the prior: 32";
}

TEST(Nsga2, pending_configurations_are_not_repeated_and_a_small_space_ends) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"population", 2}});
  Point a(1), b(1), c(1);
  a.active = b.active = c.active = {1};
  b.x = {1};
  c.x = {2};
  History told, pending, last;
  told.add(0, TrialState::completed, {1.0}, a);
  sampler.tell(told);
  pending.add(1, TrialState::pending, {}, b);
  for (std::uint64_t t = 2; t < 50; ++t) EXPECT_EQ(sampler.ask_one(t, pending.get()), c) << "the only one that is left";
  sampler.tell(last.add(1, TrialState::completed, {2.0}, b).add(2, TrialState::completed, {0.0}, c));
  EXPECT_TRUE(test::is_exhausted(sampler, 3));
}

TEST(Nsga2, settings_and_options_make_the_same_sampler) {
  const SpaceDeclaration space = test::mixed_space();
  const SamplerSetup setup{.host = Host(nullptr), .space = SpaceView(space.view()), .seed = 1};
  Nsga2 embedded(Settings{}, setup);
  auto plugged = make(space, {});
  Point point(space.size());
  embedded.ask({7, Observations(nullptr), nullptr}, point.row());
  EXPECT_EQ(plugged.ask_one(7), point);
}

}  // namespace
}  // namespace nascent::nsga2
