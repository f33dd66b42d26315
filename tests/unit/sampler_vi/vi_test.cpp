#include "vi/vi.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/finite_spaces.hpp"
#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"
#include "vi/reinforce.hpp"

namespace nascent::vi {
namespace {

using test::Config;
using test::History;
using test::SamplerInstance;

using Options = std::initializer_list<std::pair<std::string, test::OptionValue>>;

template <class T = Vi>
SamplerInstance make(const SpaceDeclaration& space, Options options = {}, test::SamplerCase c = {}) {
  Config config(options);
  return {T::Kind::template table<T>, space, config.complete<T>(), c};
}

template <class T>
class Both : public testing::Test {};
using Samplers = testing::Types<Vi, Reinforce>;
TYPED_TEST_SUITE(Both, Samplers);

TYPED_TEST(Both, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  for (const char* family : {"factorised", "autoregressive"}) {
    for (const std::uint32_t parallel : {1U, 4U, 25U}) {
      const Options options{{"family", family}};
      auto lived = make<TypeParam>(space, options, {.parallel = parallel});
      const auto asked = run_study(lived, test::failing_mixed_loss, 150, parallel);
      History all = test::told(asked, test::failing_mixed_loss);
      auto replayed = make<TypeParam>(space, options, {.parallel = parallel});
      replayed.tell(all);
      EXPECT_EQ(lived.ask({150, 151, 152, 153}), replayed.ask({150, 151, 152, 153}));
      EXPECT_EQ(lived.ask_one(151), replayed.ask({152, 151}).at(1)) << "and does not depend on what was asked before";
    }
  }
}

TYPED_TEST(Both, finds_better_configurations_than_random_search) {
  const SpaceDeclaration space = test::mixed_space();
  int wins = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    auto sampler = make<TypeParam>(space, {}, {.seed = seed});
    const double found = test::best_of(run_study(sampler, test::failing_mixed_loss, 300), test::failing_mixed_loss);
    wins += found < test::best_of(test::prior_draws(space, seed, 300), test::failing_mixed_loss) ? 1 : 0;
  }
  EXPECT_GE(wins, 8) << "of 10; the seeds are fixed, so the outcome is";
}

TYPED_TEST(Both, when_every_trial_fails_it_goes_on_with_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make<TypeParam>(space);
  auto fresh = make<TypeParam>(space);
  run_study(sampler, [](const Point&) { return std::nan(""); }, 100);
  EXPECT_EQ(sampler.ask_one(100), fresh.ask_one(100));
}

TYPED_TEST(Both, a_constant_objective_teaches_nothing) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make<TypeParam>(space);
  std::map<double, int> kinds;
  for (const Point& p : run_study(sampler, [](const Point&) { return 3.0; }, 800)) ++kinds[p.x[5]];
  // Prior 1/4, 1/2, 1/4.
  EXPECT_NEAR(kinds[1], 400, 100);
  EXPECT_NEAR(kinds[0], 200, 80);
}

TYPED_TEST(Both, failures_repel) {
  const SpaceDeclaration space = test::branching_space();
  auto sampler = make<TypeParam>(space);
  const auto rows = run_study(sampler, [](const Point& p) { return p.x[0] == 0 ? std::nan("") : 1.0 + 0.1 * p.x[1]; }, 400);
  int failing = 0;
  for (std::size_t t = 300; t < 400; ++t) failing += rows[t].x[0] == 0 ? 1 : 0;
  EXPECT_LT(failing, 75) << "as often as under the prior";
}

TYPED_TEST(Both, an_outlier_does_not_swing_the_distribution) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.choice("c", {"a", "b"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make<TypeParam>(space);
  std::uint64_t n = 0;
  const auto rows = run_study(sampler, [&](const Point& p) { return ++n % 40 == 7 ? 1e30 : std::abs(p.x[0] - 0.3); }, 400);
  double distance = 0;
  for (std::size_t t = 300; t < 400; ++t) distance += std::abs(rows[t].x[0] - 0.3) / 100;
  EXPECT_LT(distance, 0.2) << "0.29 under the prior";
}

TYPED_TEST(Both, one_configuration_is_drawn_for_ever) {
  SpaceBuilder s;
  s.choice("only", {"one"});
  s.real("fixed", 2, 2);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make<TypeParam>(space);
  for (const Point& p : run_study(sampler, [](const Point&) { return 1.0; }, 100)) EXPECT_EQ(p.x, (std::vector<double>{0, 2}));
}

TYPED_TEST(Both, a_million_choices_are_no_burden) {
  std::vector<std::int64_t> values(1000000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  SpaceBuilder s;
  s.choice("c", values);
  s.integer("i", -(std::int64_t{1} << 52), std::int64_t{1} << 52);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make<TypeParam>(space, {{"window", 50}, {"epochs", 1}});
  EXPECT_EQ(run_study(sampler, [](const Point& p) { return p.x[0] < 1000 ? -1.0 : 0.0; }, 60).size(), 60U);
}

TYPED_TEST(Both, several_objectives_and_constraints_work) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make<TypeParam>(space, {}, {.n_objectives = 2, .n_constraints = 1});
  for (std::uint64_t t = 0; t < 100; ++t) {
    const Point p = sampler.ask_one(t);
    History h(2, 1);
    h.add(t, TrialState::completed, {p.x[0], p.x[1]}, p, {p.x[2] - 0.5});
    sampler.tell(h);
  }
  EXPECT_TRUE(SpaceView(space.view()).contains(sampler.ask_one(100).row()));
}

TYPED_TEST(Both, configurations_of_others_are_learnt_from) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c", "d"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make<TypeParam>(space);
  History earlier;
  for (std::uint64_t t = 0; t < 40; ++t) {  // not in the order in which this sampler would ask
    Point p(1);
    p.active = {1};
    p.x = {static_cast<double>(t % 4)};
    earlier.add(t, TrialState::completed, {p.x[0] == 2 ? 0.0 : 1.0}, p);
  }
  sampler.tell(earlier);
  int chosen = 0;
  for (std::uint64_t t = 40; t < 140; ++t) chosen += sampler.ask_one(t).x[0] == 2 ? 1 : 0;
  EXPECT_GT(chosen, 45) << "25 under the prior";
}

TYPED_TEST(Both, a_configuration_that_the_prior_excludes_is_passed_over) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make<TypeParam>(space);
  History h;
  for (std::uint64_t t = 0; t < 40; ++t) {
    Point p = sampler.ask_one(t);
    if (t % 2 == 0) {
      p.x[5] = 2;  // weight 0
      p.active[6] = p.active[7] = p.active[8] = 0;
      p.x[6] = p.x[7] = p.x[8] = 0;
    }
    h.add(t, TrialState::completed, {p.x[5] == 2 ? -100.0 : p.x[2]}, p);
  }
  sampler.tell(h);
  for (std::uint64_t t = 40; t < 80; ++t) EXPECT_NE(sampler.ask_one(t).x[5], 2);
}

TEST(Vi, a_lower_temperature_stays_closer_to_the_best) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  const auto loss = [](const Point& p) { return std::abs(p.x[0] - 0.3); };
  double last = HUGE_VAL;
  for (const double temperature : {4.0, 0.5, 0.05}) {
    auto sampler = make(space, {{"temperature", temperature}});
    run_study(sampler, loss, 600);
    const double mean = test::expectation(*sampler.posterior(4000), loss);
    EXPECT_LT(mean, last);
    last = mean;
  }
}

TEST(Vi, says_how_well_it_fits) {
  const SpaceDeclaration space = test::branching_space();
  auto sampler = make(space, {{"temperature", 1.0}, {"temperature_unit", "absolute"}});
  EXPECT_TRUE(sampler.posterior(10)->draws.empty()) << "nothing learnt yet";
  run_study(sampler, [](const Point& p) { return 1.2 * p.x[1]; }, 1000);
  const Posterior p = *sampler.posterior(10);
  EXPECT_EQ(p.draws.size(), 10U);
  const std::map<std::string, double> said(p.diagnostics.begin(), p.diagnostics.end());
  EXPECT_GT(said.at("overlap"), 0.95) << "the family holds the target";
  EXPECT_GT(p.n_effective, 500);
  EXPECT_LE(p.n_effective, 1000);
  EXPECT_GT(said.at("divergence_from_prior"), 0.05);
}

TEST(Reinforce, offers_no_posterior_since_it_fits_none) {
  auto sampler = make<Reinforce>(test::branching_space());
  EXPECT_FALSE(sampler.posterior(10).has_value());
}

TEST(Reinforce, without_an_entropy_bonus_it_settles_on_the_best) {
  const SpaceDeclaration space = test::branching_space();
  const auto loss = [](const Point& p) { return (p.x[0] == 2 ? 0.0 : 1.0) + 0.5 * p.x[1] + 0.4 * p.x[2] + 0.1 * p.x[3] + 0.2 * p.x[4]; };
  for (const char* family : {"factorised", "autoregressive"}) {
    auto sampler = make<Reinforce>(space, {{"entropy", 0.0}, {"family", family}});
    const auto rows = run_study(sampler, loss, 800);
    int best = 0;
    for (std::size_t t = 700; t < 800; ++t) best += loss(rows[t]) <= loss(rows[700]) + 1e-9 && loss(rows[t]) < 0.31 ? 1 : 0;
    EXPECT_GT(best, 80) << family;
  }
}

}  // namespace
}  // namespace nascent::vi
