#include "gp/gp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"

namespace nascent::gp {
namespace {

using test::Config;
using test::prior_draw;
using test::SamplerCase;
using test::SamplerInstance;
using test::sum_of;

SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}, SamplerCase c = {}) {
  Config config(given);
  config.complete<GaussianProcessSearch>();
  return {SamplerKind::table<GaussianProcessSearch>, space, config, c};
}

SpaceDeclaration six_choices() {
  SpaceBuilder s;
  for (int i = 0; i < 6; ++i) s.choice("c" + std::to_string(i), {"0", "1", "2", "3"});
  return s.declaration();
}

TEST(Gp, begins_with_draws_of_the_prior_running_ones_counted) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"initial", 8}, {"random_share", 0.0}});
  const auto rows = test::run_study(sampler, test::distance_loss(space), 12, 3);
  for (std::uint64_t t = 0; t < 8; ++t) EXPECT_EQ(rows[t], prior_draw(space, 1, t)) << t;
  for (std::uint64_t t = 8; t < 12; ++t) EXPECT_NE(rows[t], prior_draw(space, 1, t)) << t;
}

TEST(Gp, finds_better_configurations_than_random_search_with_every_acquisition) {
  const SpaceDeclaration space = test::mixed_space();
  const test::Loss loss = test::distance_loss(space);
  for (const char* acquisition : {"log_ei", "noisy_ei", "ucb", "thompson"}) {
    int wins = 0;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      auto sampler = make(space, {{"acquisition", acquisition}}, {.seed = seed});
      double guided = HUGE_VAL;
      for (const Point& p : test::run_study(sampler, loss, 40, 2)) {
        ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
        guided = std::min(guided, loss(p));
      }
      wins += guided < test::best_of(test::prior_draws(space, seed, 40), loss) ? 1 : 0;
    }
    EXPECT_GE(wins, 6) << acquisition << ": of 6; the seeds are fixed, so the outcome is";
  }
}

TEST(Gp, finds_the_optimum_of_a_sum_of_choices) {
  const SpaceDeclaration space = six_choices();
  int found = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    auto sampler = make(space, {}, {.seed = seed});
    double best = HUGE_VAL;
    for (const Point& p : test::run_study(sampler, sum_of, 60)) best = std::min(best, sum_of(p));
    found += best == 0 ? 1 : 0;
  }
  EXPECT_GE(found, 9) << "of 10; random search finds the best of 4096 configurations in 1.5 % of searches";
}

TEST(Gp, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  const test::Loss loss = test::distance_loss(space);
  std::uint64_t t = 0;
  const auto sometimes_failing = [&](const Point& p) { return t++ % 5 == 0 ? std::nan("") : loss(p); };
  auto lived = make(space), replayed = make(space);
  const auto rows = test::run_study(lived, sometimes_failing, 40, 3);
  test::History all;
  for (std::uint64_t i = 0; i < rows.size(); ++i) {
    const bool fails = i % 5 == 0;
    all.add(i, fails ? TrialState::failed : TrialState::completed, {fails ? 0.0 : loss(rows[i])}, rows[i]);
  }
  replayed.tell(all);
  EXPECT_EQ(lived.ask({40, 41, 42}), replayed.ask({40, 41, 42}));
  EXPECT_EQ(lived.ask_one(41), replayed.ask({41, 40}).at(0)) << "and does not depend on what was asked before";
}

TEST(Gp, a_model_of_a_shortened_history_is_the_same_after_a_replay) {
  const SpaceDeclaration space = six_choices();
  auto lived = make(space, {{"candidates", 2}, {"history", 50}}),
       replayed = make(space, {{"candidates", 2}, {"history", 50}});
  const auto rows = test::run_study(lived, sum_of, 203);
  test::History all;
  for (std::uint64_t i = 0; i < rows.size(); ++i) all.add(i, TrialState::completed, {sum_of(rows[i])}, rows[i]);
  replayed.tell(all);
  EXPECT_EQ(lived.ask_one(203), replayed.ask_one(203));
}

TEST(Gp, may_be_embedded_with_its_settings) {
  const SpaceDeclaration space = test::mixed_space();
  SamplerSetup setup;
  setup.space = SpaceView(space.view());
  setup.seed = 1;
  GaussianProcessSearch embedded(Settings(), setup);
  auto sampler = make(space);
  test::History all;
  for (std::uint64_t t = 0; t < 15; ++t) {
    const Point p = prior_draw(space, 1, t);
    all.add(t, TrialState::completed, {test::distance_loss(space)(p)}, p);
  }
  sampler.tell(all);
  for (std::size_t i = 0; i < all.size(); ++i) embedded.tell(all.view()[i]);
  Point asked(space.size());
  embedded.ask({15, Observations(nullptr), nullptr}, asked.row());
  EXPECT_EQ(asked, sampler.ask_one(15));
}

TEST(Gp, a_batch_holds_different_configurations) {
  const SpaceDeclaration space = six_choices();
  auto sampler = make(space, {}, {.parallel = 8});
  const auto rows = test::run_study(sampler, sum_of, 60, 8);
  std::set<std::vector<double>> different;
  for (const Point& p : rows) different.insert(p.x);
  EXPECT_EQ(different.size(), rows.size());
}

TEST(Gp, when_every_trial_fails_it_goes_on_with_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  const auto rows = test::run_study(
      sampler, [](const Point&) { return std::nan(""); }, 30);
  for (std::uint64_t t = 0; t < 30; ++t) EXPECT_EQ(rows[t], prior_draw(space, 1, t)) << t;
}

TEST(Gp, the_first_success_may_come_after_hundreds_of_failures) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  test::History all;
  for (std::uint64_t t = 0; t < 203; ++t) {
    all.add(t, t == 202 ? TrialState::completed : TrialState::failed, {1}, prior_draw(space, 1, t));
  }
  sampler.tell(all);
  EXPECT_TRUE(SpaceView(space.view()).contains(sampler.ask_one(203).row())) << "not yet part of a model";
  test::History more;
  for (std::uint64_t t = 203; t < 210; ++t) more.add(t, TrialState::failed, {0}, prior_draw(space, 1, t));
  sampler.tell(more);
  EXPECT_TRUE(SpaceView(space.view()).contains(sampler.ask_one(210).row()));
}

TEST(Gp, keeps_away_from_where_trials_fail) {
  const SpaceDeclaration space = six_choices();
  auto sampler = make(space, {{"random_share", 0.0}});
  const auto fails = [](const Point& p) { return p.x[0] == 0; };
  const auto rows = test::run_study(
      sampler, [&](const Point& p) { return fails(p) ? std::nan("") : sum_of(p); }, 80);
  int failed = 0;
  for (std::size_t t = 40; t < 80; ++t) failed += fails(rows[t]) ? 1 : 0;
  EXPECT_LE(failed, 4) << "of 40; a search that knew only the sum would go there";
}

TEST(Gp, finds_the_best_feasible_configuration) {
  const SpaceDeclaration space = six_choices();
  auto sampler = make(space, {}, {.n_constraints = 1});
  double best = HUGE_VAL;
  for (std::uint64_t t = 0; t < 80; ++t) {
    const Point p = sampler.ask_one(t);
    const double violation = 4 - (p.x[0] + p.x[1]);  // the first two have to sum to 4
    if (violation <= 0) best = std::min(best, sum_of(p));
    test::History h(1, 1);
    h.add(t, TrialState::completed, {sum_of(p)}, p, {violation});
    sampler.tell(h);
  }
  EXPECT_EQ(best, 4);
}

TEST(Gp, several_objectives_spread_over_the_front) {
  SpaceBuilder s;
  s.real("x", -5, 5);
  s.real("y", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {}, {.n_objectives = 2});
  std::vector<Point> asked;
  for (std::uint64_t t = 0; t < 120; ++t) {
    asked.push_back(sampler.ask_one(t));
    const double x = asked.back().x[0], y = asked.back().x[1];
    test::History h(2);
    h.add(t, TrialState::completed, {x * x + y, (x - 2) * (x - 2) + y}, asked.back());  // front: x in [0, 2], y = 0
    sampler.tell(h);
  }
  int near_front = 0;
  double lowest = 9, highest = -9;
  for (std::size_t t = 60; t < 120; ++t) {
    if (asked[t].x[1] < 0.3 && asked[t].x[0] > -0.5 && asked[t].x[0] < 2.5) {
      ++near_front;
      lowest = std::min(lowest, asked[t].x[0]);
      highest = std::max(highest, asked[t].x[0]);
    }
  }
  EXPECT_GT(near_front, 30);  // random search: 5 of 60
  EXPECT_LT(lowest, 0.3);
  EXPECT_GT(highest, 1.7);
}

TEST(Gp, ends_when_every_configuration_was_tried) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"initial", 1}});
  std::set<double> tried;
  for (const Point& p : test::run_study(sampler, sum_of, 3)) tried.insert(p.x[0]);
  EXPECT_EQ(tried.size(), 3U);
  EXPECT_TRUE(test::is_exhausted(sampler, 3));
}

TEST(Gp, a_constant_objective_over_a_million_choices_ends_nowhere) {
  SpaceBuilder s;
  std::vector<std::string> many;
  for (int i = 0; i < 1000000; ++i) many.push_back(std::to_string(i));
  s.choice("c", many);
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  for (const Point& p : test::run_study(
           sampler, [](const Point&) { return 1.0; }, 30)) {
    EXPECT_TRUE(SpaceView(space.view()).contains(p.row()));
  }
}

TEST(Gp, values_that_are_no_numbers_count_as_failures) {
  const SpaceDeclaration space = test::mixed_space();
  auto with_values = make(space), with_failures = make(space);
  test::History values, failures;
  for (std::uint64_t t = 0; t < 30; ++t) {
    const Point p = prior_draw(space, 1, t);
    const double broken = t % 9 == 0 ? HUGE_VAL : std::nan("");
    values.add(t, TrialState::completed, {t % 3 == 0 ? broken : test::distance_loss(space)(p)}, p);
    failures.add(t, t % 3 == 0 ? TrialState::failed : TrialState::completed, {test::distance_loss(space)(p)}, p);
  }
  with_values.tell(values);
  with_failures.tell(failures);
  EXPECT_EQ(with_values.ask({30, 31}), with_failures.ask({30, 31}));
}

TEST(Gp, a_hundred_repeats_of_one_configuration_teach_little_and_harm_nothing) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  test::History all;
  Rng rng(3);
  const Point same = prior_draw(space, 1, 0);
  for (std::uint64_t t = 0; t < 100; ++t) all.add(t, TrialState::completed, {rng.normal()}, same);
  sampler.tell(all);
  const Point asked = sampler.ask_one(100);
  EXPECT_TRUE(SpaceView(space.view()).contains(asked.row()));
  EXPECT_NE(asked, same);
}

TEST(Gp, a_space_of_one_configuration_is_exhausted_after_it) {
  SpaceBuilder s;
  s.choice("c", {"a"});
  s.real("point", 1, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"initial", 1}});
  test::run_study(sampler, sum_of, 1);
  EXPECT_TRUE(test::is_exhausted(sampler, 1));
}

TEST(Gp, drawn_hyper_parameters_find_the_optimum_too_and_replay) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.real("y", 0, 1);
  const SpaceDeclaration space = s.declaration();
  const auto bowl = [](const Point& p) { return std::pow(p.x[0] - 0.3, 2) + std::pow(p.x[1] - 0.8, 2); };
  auto sampler = make(space, {{"hyperparameters", "slice"}}), replayed = make(space, {{"hyperparameters", "slice"}});
  const auto rows = test::run_study(sampler, bowl, 25);
  EXPECT_LT(test::best_of(rows, bowl), 1e-3) << "random search: 25 draws come within pi r^2 = 1/25, r^2 = 0.013";
  test::History all = test::told(rows, bowl);
  replayed.tell(all);
  EXPECT_EQ(sampler.ask_one(25), replayed.ask_one(25));
}

TEST(Gp, a_noisy_objective_is_no_reason_to_stay_at_the_luckiest_trial) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.real("y", 0, 1);
  const SpaceDeclaration space = s.declaration();
  for (const char* acquisition : {"log_ei", "noisy_ei"}) {
    auto sampler = make(space, {{"acquisition", acquisition}, {"random_share", 0.0}});
    Rng noise(5);
    const auto bowl = [](const Point& p) { return std::pow(p.x[0] - 0.3, 2) + std::pow(p.x[1] - 0.8, 2); };
    const auto rows = test::run_study(
        sampler, [&](const Point& p) { return bowl(p) + 0.1 * noise.normal(); }, 60);
    std::vector<double> late;
    for (std::size_t t = 40; t < 60; ++t) late.push_back(bowl(rows[t]));
    std::ranges::nth_element(late, late.begin() + 10);
    EXPECT_LT(late[10], 0.04) << acquisition << ": half of the last trials lie in the best eighth of the space";
  }
}

}  // namespace
}  // namespace nascent::gp
