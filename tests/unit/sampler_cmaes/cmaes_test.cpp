#include "cmaes/cmaes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"

namespace nascent::cmaes {
namespace {

using test::best_of;
using test::Config;
using test::History;
using test::Loss;
using test::mixed_loss;
using test::SamplerCase;
using test::SamplerInstance;

SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}, SamplerCase c = {}) {
  Config config(given);
  config.complete<CmaEs>();
  return {SamplerKind::table<CmaEs>, space, config, c};
}

SpaceDeclaration reals(int n) {
  SpaceBuilder s;
  for (int i = 0; i < n; ++i) s.real("x" + std::to_string(i), -5, 5);
  return s.declaration();
}

TEST(CmaEs, the_first_trials_are_normal_with_the_mean_and_deviation_of_the_prior) {
  SpaceBuilder s;
  s.real("x", -100, 100, {.normal = NormalPrior{20, 5}});
  const SpaceDeclaration space = s.declaration();
  int below = 0;
  auto sampler = make(space);
  for (std::uint64_t t = 0; t < 4000; ++t) below += sampler.ask_one(t).x[0] < 20 - 5 ? 1 : 0;
  EXPECT_NEAR(below, 4000 * normal_cdf(-1), 5 * 23.1);  // binomial: five standard deviations, 6e-7
}

TEST(CmaEs, reaches_the_optimum_of_rotated_and_badly_scaled_functions) {
  const SpaceDeclaration space = reals(6);
  const Loss ellipsoid = [](const Point& p) {
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      const double next = p.x[(i + 1) % 6] - 1.5;
      sum += std::pow(10, static_cast<double>(i)) * std::pow(p.x[i] - 1.5 + 0.5 * next, 2);
    }
    return sum;
  };
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto sampler = make(space, {}, {.seed = seed});
    EXPECT_LT(best_of(test::run_study(sampler, ellipsoid, 4000), ellipsoid), 1e-8) << seed;
  }
}

TEST(CmaEs, reaches_an_optimum_at_the_bounds) {
  const SpaceDeclaration space = reals(5);
  const Loss sum = [](const Point& p) { return p.x[0] + p.x[1] + p.x[2] - p.x[3] - p.x[4]; };
  auto sampler = make(space);
  EXPECT_LT(best_of(test::run_study(sampler, sum, 2000), sum), -25 + 1e-6);
}

TEST(CmaEs, with_the_margin_discrete_parameters_reach_their_optimum_beside_continuous_ones) {
  SpaceBuilder s;
  for (int i = 0; i < 4; ++i) s.real("x" + std::to_string(i), -5, 5);
  for (int i = 0; i < 4; ++i) s.integer("i" + std::to_string(i), -10, 10);
  for (int i = 0; i < 4; ++i) s.choice<bool>("b" + std::to_string(i), {false, true});
  const SpaceDeclaration space = s.declaration();
  const Loss loss = [](const Point& p) {
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i)
      sum += std::pow(p.x[i] - 1, 2) + std::pow(p.x[4 + i] - 3, 2) + (p.x[8 + i] == 1 ? 0 : 1);
    return sum;
  };
  int reached = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    auto sampler = make(space, {}, {.seed = seed});
    reached += best_of(test::run_study(sampler, loss, 4000), loss) < 1e-8 ? 1 : 0;
  }
  EXPECT_GE(reached, 9) << "of 10; the seeds are fixed, so the outcome is";
}

TEST(CmaEs, on_a_conditional_space_it_beats_random_search) {
  const SpaceDeclaration space = test::mixed_space();
  int wins = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto sampler = make(space, {}, {.seed = seed});
    const auto rows = test::run_study(sampler, mixed_loss, 300);
    for (const Point& p : rows) ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
    wins += best_of(rows, mixed_loss) < best_of(test::prior_draws(space, seed, 300), mixed_loss) ? 1 : 0;
  }
  EXPECT_GE(wins, 18) << "of 20; the seeds are fixed, so the outcome is";
}

TEST(CmaEs, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  const Loss loss = [](const Point& p) { return p.x[4] == 1 ? std::nan("") : mixed_loss(p); };
  for (const std::uint32_t parallel : {1U, 7U}) {
    auto lived = make(space, {}, {.parallel = parallel});
    const auto rows = test::run_study(lived, loss, 200, parallel);
    auto replayed = make(space, {}, {.parallel = parallel});
    History all = test::told(rows, loss);
    replayed.tell(all);
    EXPECT_EQ(lived.ask({200, 201, 202}), replayed.ask({200, 201, 202}));
    EXPECT_EQ(lived.ask_one(201), replayed.ask({201, 200}).at(0)) << "and does not depend on what was asked before";
  }
}

TEST(CmaEs, many_trials_in_flight_do_not_keep_it_from_the_optimum) {
  const SpaceDeclaration space = reals(4);
  const Loss sphere = [](const Point& p) {
    double sum = 0;
    for (const double x : p.x) sum += (x - 2) * (x - 2);
    return sum;
  };
  auto sampler = make(space, {}, {.parallel = 16});
  EXPECT_LT(best_of(test::run_study(sampler, sphere, 3000, 16), sphere), 1e-6);
}

TEST(CmaEs, failed_trials_repel_it) {
  const SpaceDeclaration space = reals(3);
  // A third of the range fails, right beside the optimum.
  const Loss loss = [](const Point& p) {
    if (p.x[0] > 1.5) return std::nan("");
    return std::pow(p.x[0] - 1.4, 2) + p.x[1] * p.x[1] + p.x[2] * p.x[2];
  };
  auto sampler = make(space);
  const auto rows = test::run_study(sampler, loss, 1000);
  EXPECT_LT(best_of(rows, loss), 1e-4);
}

TEST(CmaEs, when_every_trial_fails_it_does_not_move) {
  const SpaceDeclaration space = reals(2);
  auto sampler = make(space), fresh = make(space);
  const auto rows = test::run_study(
      sampler, [](const Point&) { return std::nan(""); }, 200);
  EXPECT_EQ(sampler.ask_one(200), fresh.ask_one(200));
}

TEST(CmaEs, a_constraint_holds_the_search_on_its_feasible_side) {
  const SpaceDeclaration space = reals(3);
  auto sampler = make(space, {}, {.n_constraints = 1});
  double best = HUGE_VAL;  // of (x + 5)^2 summed, where x0 >= 1: 36 at (1, -5, -5)
  for (std::uint64_t t = 0; t < 1500; ++t) {
    const Point p = sampler.ask_one(t);
    double sum = 0;
    for (const double x : p.x) sum += (x + 5) * (x + 5);
    const double excess = 1 - p.x[0];
    if (excess <= 0) best = std::min(best, sum);
    History h(1, 1);
    sampler.tell(h.add(t, TrialState::completed, {sum}, p, {excess}));
  }
  EXPECT_GE(best, 36);
  EXPECT_LT(best, 36.01);
}

TEST(CmaEs, runs_with_growing_populations_leave_local_optima) {
  const SpaceDeclaration space = reals(2);
  const SamplerSetup setup{.host = Host(nullptr), .space = SpaceView(space.view()), .seed = 1};
  CmaEs sampler(Settings{}, setup);
  // Rastrigin's function: a local minimum beside every whole number.
  const auto loss = [](const Point& p) {
    double sum = 0;
    for (const double x : p.x)
      sum += std::pow(x - 1.3, 2) + 10 * (1 - std::cos(2 * 3.14159265358979323846 * (x - 1.3)));
    return sum;
  };
  double best = HUGE_VAL;
  for (std::uint64_t t = 0; t < 6000; ++t) {
    Point p(2);
    sampler.ask({t, Observations(nullptr), nullptr}, p.row());
    best = std::min(best, loss(p));
    History h;
    h.add(t, TrialState::completed, {loss(p)}, p);
    sampler.tell(h.view()[0]);
  }
  EXPECT_GE(sampler.restarts(), 1U);
  EXPECT_LT(best, 1e-6);
}

TEST(CmaEs, a_constant_objective_leads_to_restarts) {
  const SpaceDeclaration space = reals(2);
  const SamplerSetup setup{.host = Host(nullptr), .space = SpaceView(space.view()), .seed = 1};
  CmaEs sampler(Settings{}, setup);
  for (std::uint64_t t = 0; t < 1000; ++t) {
    Point p(2);
    sampler.ask({t, Observations(nullptr), nullptr}, p.row());
    History h;
    h.add(t, TrialState::completed, {1.0}, p);
    sampler.tell(h.view()[0]);
  }
  EXPECT_GE(sampler.restarts(), 1U);
}

TEST(CmaEs, several_objectives_are_ranked_by_domination) {
  const SpaceDeclaration space = reals(3);
  auto sampler = make(space, {}, {.n_objectives = 2});
  int on_front = 0;
  for (std::uint64_t t = 0; t < 600; ++t) {
    const Point p = sampler.ask_one(t);
    const double rest = p.x[1] * p.x[1] + p.x[2] * p.x[2];  // Schaffer in x0; the front is x0 in [0, 2], the others 0
    if (t >= 500 && rest < 0.5 && p.x[0] > -0.5 && p.x[0] < 2.5) ++on_front;
    History h(2);
    sampler.tell(h.add(t, TrialState::completed, {p.x[0] * p.x[0] + rest, std::pow(p.x[0] - 2, 2) + rest}, p));
  }
  EXPECT_GT(on_front, 50) << "of 100; draws of the prior: 0.5";
}

TEST(CmaEs, a_finite_space_is_searched_without_repeats_to_its_end) {
  SpaceBuilder s;
  s.integer("i", 0, 9);
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  std::set<std::vector<double>> seen;
  for (const Point& p : test::run_study(
           sampler, [](const Point& p) { return p.x[0] + p.x[1]; }, 30))
    seen.insert(p.x);
  EXPECT_EQ(seen.size(), 30U);
  EXPECT_TRUE(test::is_exhausted(sampler, 30));
}

TEST(CmaEs, a_space_of_one_configuration_ends_after_it) {
  SpaceBuilder s;
  s.choice("only", {"a"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  test::run_study(
      sampler, [](const Point&) { return 1.0; }, 1);
  EXPECT_THROW(sampler.ask_one(1), Error);
}

TEST(CmaEs, a_population_below_four_is_refused) {
  const SpaceDeclaration space = reals(2);
  try {
    make(space, {{"population", 3}});
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "option 'population' is 3; CMA-ES needs at least 4 trials a generation, or 0 to choose their number");
  }
}

TEST(CmaEs, settings_and_options_make_the_same_sampler) {
  const SpaceDeclaration space = test::mixed_space();
  const SamplerSetup setup{.host = Host(nullptr), .space = SpaceView(space.view()), .seed = 1};
  CmaEs embedded(Settings{}, setup);
  auto plugged = make(space);
  Point point(space.size());
  embedded.ask({7, Observations(nullptr), nullptr}, point.row());
  EXPECT_EQ(plugged.ask_one(7), point);
}

}  // namespace
}  // namespace nascent::cmaes
