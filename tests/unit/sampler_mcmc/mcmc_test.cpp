#include "mcmc/mcmc.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/finite_spaces.hpp"
#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"
#include "support/statistics.hpp"

namespace nascent::mcmc {
namespace {

using test::Config;
using test::History;
using test::SamplerInstance;

using Options = std::initializer_list<std::pair<std::string, test::OptionValue>>;

SamplerInstance make(const SpaceDeclaration& space, Options options = {}, test::SamplerCase c = {}) {
  Config config(options);
  return {Mcmc::Kind::table<Mcmc>, space, config.complete<Mcmc>(), c};
}

std::map<std::string, double> diagnostics(const SamplerInstance& sampler) {
  const Posterior p = *sampler.posterior(1);
  return {p.diagnostics.begin(), p.diagnostics.end()};
}

SpaceDeclaration line() {
  SpaceBuilder s;
  s.real("x", 0, 1);
  return s.declaration();
}

TEST(Mcmc, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  for (const std::uint32_t parallel : {1U, 4U, 9U}) {
    const Options options{{"burn_in", 8}, {"initial", 2}};
    auto lived = make(space, options, {.parallel = parallel});
    const auto asked = run_study(lived, test::failing_mixed_loss, 150, parallel);
    History all = test::told(asked, test::failing_mixed_loss);
    auto replayed = make(space, options, {.parallel = parallel});
    replayed.tell(all);
    EXPECT_EQ(lived.ask({150, 151, 152, 153}), replayed.ask({150, 151, 152, 153}));
    EXPECT_EQ(lived.ask_one(151), replayed.ask({152, 151}).at(1)) << "and does not depend on what was asked before";
    EXPECT_EQ(lived.posterior(100)->draws, replayed.posterior(100)->draws);
  }
}

TEST(Mcmc, other_seeds_and_trials_give_other_proposals) {
  auto a = make(test::mixed_space(), {}, {.seed = 1});
  auto b = make(test::mixed_space(), {}, {.seed = 2});
  EXPECT_NE(a.ask_one(0), b.ask_one(0));
  EXPECT_NE(a.ask_one(0), a.ask_one(1));
}

TEST(Mcmc, every_step_of_a_study_with_parallel_trials_counts) {
  for (const std::uint32_t parallel : {1U, 3U, 4U, 7U, 16U}) {
    auto sampler = make(test::mixed_space(), {{"burn_in", 2}, {"initial", 1}}, {.parallel = parallel});
    run_study(sampler, [](const Point& p) { return p.x[2]; }, 1000, parallel);
    const auto said = diagnostics(sampler);
    const auto walkers = said.at("chains") * said.at("rungs");
    EXPECT_GT(walkers, parallel) << "a swap needs both walkers idle";
    // Walkers step in turn; those of the first rung draw, from round 2 on.
    double draws = 0;
    for (std::uint64_t t = static_cast<std::uint64_t>(2 * walkers); t < 1000; ++t) draws += t % static_cast<std::uint64_t>(walkers) % 2 == 0 ? 1 : 0;
    EXPECT_EQ(said.at("draws"), draws) << parallel;
  }
}

TEST(Mcmc, rejects_failed_infeasible_invalid_and_pruned_trials) {
  const SpaceDeclaration space = line();
  auto sampler = make(space, {{"chains", 1}, {"rungs", 1}, {"burn_in", 1}, {"initial", 1}}, {.n_constraints = 1});
  History first(1, 1);
  const Point start = sampler.ask_one(0);
  first.add(0, TrialState::completed, {1.0}, start, {-1.0});
  sampler.tell(first);
  std::uint64_t trial = 1;
  for (const TrialState state : {TrialState::failed, TrialState::invalid, TrialState::pruned, TrialState::completed}) {
    for (int i = 0; i < 10; ++i, ++trial) {
      History h(1, 1);
      h.add(trial, state, {-100.0}, sampler.ask_one(trial), {state == TrialState::completed ? 0.5 : 0.0});
      sampler.tell(h);
    }
  }
  const Posterior p = *sampler.posterior(100);
  ASSERT_EQ(p.draws.size(), 1U);
  EXPECT_EQ(p.draws[0], start);
  EXPECT_EQ(p.weights[0], 40);
  EXPECT_EQ(diagnostics(sampler).at("acceptance_rate"), 0);
}

TEST(Mcmc, a_loss_that_is_no_number_is_a_rejection) {
  auto sampler = make(line(), {{"chains", 1}, {"rungs", 1}, {"burn_in", 1}});
  History h;
  for (std::uint64_t t = 0; t < 20; ++t) h.add(t, TrialState::completed, {t % 2 == 0 ? std::nan("") : HUGE_VAL}, sampler.ask_one(t));
  sampler.tell(h);
  EXPECT_TRUE(sampler.posterior(10)->draws.empty());
  EXPECT_NO_THROW(sampler.ask_one(20));
}

TEST(Mcmc, when_every_trial_fails_it_goes_on_with_the_prior) {
  auto sampler = make(line());
  std::vector<double> values;
  for (const Point& p : run_study(sampler, [](const Point&) { return std::nan(""); }, 400)) values.push_back(p.x[0]);
  EXPECT_LT(test::kolmogorov_smirnov(values, [](double x) { return x; }), test::kKolmogorovSmirnovLimit);  // 10^-6
  EXPECT_EQ(sampler.posterior(10)->n_effective, 0);
}

TEST(Mcmc, a_constant_objective_leaves_the_prior) {
  auto sampler = make(line(), {{"chains", 4}, {"rungs", 1}});
  run_study(sampler, [](const Point&) { return 3.0; }, 4000);
  const Posterior p = *sampler.posterior(100000);
  EXPECT_EQ(diagnostics(sampler).at("acceptance_rate"), 1);
  // Standard error of the mean 0.289 / sqrt(ess); 6 of them, 2e-9.
  EXPECT_NEAR(test::expectation(p, [](const Point& x) { return x.x[0]; }), 0.5, 6 * 0.289 / std::sqrt(p.n_effective));
}

TEST(Mcmc, one_configuration_is_drawn_for_ever) {
  SpaceBuilder s;
  s.choice("only", {"one"});
  auto sampler = make(s.declaration());
  for (const Point& p : run_study(sampler, [](const Point&) { return 1.0; }, 200)) EXPECT_EQ(p.x[0], 0);
  const Posterior p = *sampler.posterior(1000);
  ASSERT_EQ(p.draws.size(), 1U);
  EXPECT_EQ(p.n_effective, p.weights[0]);
}

TEST(Mcmc, several_objectives_count_alike_in_units_of_their_spread) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.real("y", 0, 1);
  auto sampler = make(s.declaration(), {{"temperature", 0.1}, {"chains", 4}, {"rungs", 1}}, {.n_objectives = 2});
  for (std::uint64_t t = 0; t < 6000; ++t) {
    const Point p = sampler.ask_one(t);
    History h(2);
    h.add(t, TrialState::completed, {1e6 * p.x[0], 1e-6 * p.x[1]}, p);
    sampler.tell(h);
  }
  const Posterior p = *sampler.posterior(100000);
  const double x = test::expectation(p, [](const Point& q) { return q.x[0]; }), y = test::expectation(p, [](const Point& q) { return q.x[1]; });
  // Both are exponential with rate 1 / (2 * 0.1 * spread); the spread of 20 uniform values is 0.37 +- 0.08.
  EXPECT_NEAR(x, 0.074, 0.04);
  EXPECT_NEAR(y, 0.074, 0.04);
}

TEST(Mcmc, configurations_of_others_start_a_chain_but_are_no_steps_of_it) {
  const SpaceDeclaration space = line();
  auto sampler = make(space, {{"chains", 1}, {"rungs", 1}, {"burn_in", 1}, {"initial", 1}});
  Point queued(1), better(1);
  queued.x = {0.25};
  better.x = {0.75};
  queued.active = better.active = {1};
  History h;
  h.add(0, TrialState::completed, {1.0}, queued).add(1, TrialState::completed, {-50.0}, better);
  sampler.tell(h);
  EXPECT_TRUE(sampler.posterior(10)->draws.empty());
  const Point next = sampler.ask_one(2);
  History own;
  own.add(2, TrialState::failed, {0}, next);
  sampler.tell(own);
  const Posterior p = *sampler.posterior(10);
  ASSERT_EQ(p.draws.size(), 1U);
  EXPECT_EQ(p.draws[0], queued) << "rejected: still where it started";
}

TEST(Mcmc, a_repeat_that_was_replaced_counts_by_the_value_it_is_known_to_have) {
  // Duplicates::resample: the study asks again under another number and trains that instead.
  const SpaceDeclaration space = test::branching_space();
  const Options options{{"chains", 2}, {"rungs", 1}, {"burn_in", 1}, {"initial", 1}};
  const auto loss = [](const Point& p) { return p.x[1]; };
  auto sampler = make(space, options);
  std::set<std::vector<double>> seen;
  for (std::uint64_t t = 0; t < 400; ++t) {
    Point p = sampler.ask_one(t);
    for (std::uint64_t attempt = 1; attempt <= 20 && seen.contains(p.x); ++attempt) p = sampler.ask_one(t + (attempt << 40U));
    seen.insert(p.x);
    History h;
    h.add(t, TrialState::completed, {loss(p)}, p);
    sampler.tell(h);
  }
  ASSERT_EQ(seen.size(), 33U) << "all configurations have been tried";
  EXPECT_EQ(diagnostics(sampler).at("draws"), 400 - 2) << "no step was lost";
}

TEST(Mcmc, trials_that_come_back_out_of_order_keep_the_chain_going) {
  // An asynchronous study: of five in flight the last comes back first.
  auto sampler = make(test::mixed_space(), {{"burn_in", 2}, {"initial", 1}}, {.parallel = 5});
  std::vector<std::pair<std::uint64_t, Point>> open;
  for (std::uint64_t t = 0; t < 600; ++t) {
    History pending;
    for (const auto& [id, p] : open) pending.add(id, TrialState::pending, {}, p);
    open.emplace_back(t, sampler.ask_one(t, pending.get()));
    if (open.size() < 5) continue;
    const auto at = t % 7 == 0 ? open.begin() : open.end() - 1;
    History h;
    h.add(at->first, TrialState::completed, {at->second.x[2]}, at->second);
    sampler.tell(h);
    open.erase(at);
  }
  const auto said = diagnostics(sampler);
  EXPECT_GT(said.at("draws"), 150);
  EXPECT_GT(said.at("acceptance_rate"), 0.1);
}

TEST(Mcmc, the_unit_of_the_objective_does_not_matter) {
  const SpaceDeclaration space = test::mixed_space();
  auto plain = make(space), scaled = make(space);
  const auto loss = [](const Point& p) { return std::pow(std::log10(p.x[0]) + 2.5, 2) + std::abs(p.x[1]); };
  const auto a = run_study(plain, loss, 200), b = run_study(scaled, [&](const Point& p) { return 1024 * loss(p); }, 200);
  EXPECT_EQ(a, b);
}

TEST(Mcmc, a_lower_temperature_draws_better_configurations) {
  double last = HUGE_VAL;
  for (const double temperature : {4.0, 0.5, 0.05}) {
    auto sampler = make(line(), {{"temperature", temperature}});
    run_study(sampler, [](const Point& p) { return std::abs(p.x[0] - 0.3); }, 2000);
    const double mean = test::expectation(*sampler.posterior(10000), [](const Point& p) { return std::abs(p.x[0] - 0.3); });
    EXPECT_LT(mean, last);
    last = mean;
  }
}

TEST(Mcmc, exchange_with_hotter_rungs_finds_the_other_mode) {
  // Two narrow wells far apart, of equal depth: one cold chain cannot cross, one with hotter neighbours does.
  SpaceBuilder s;
  for (int i = 0; i < 4; ++i) s.real("x" + std::to_string(i), 0, 1);
  const SpaceDeclaration space = s.declaration();
  const auto loss = [](const Point& p) {
    double low = 0, high = 0;
    for (const double x : p.x) {
      low += std::pow((x - 0.2) / 0.05, 2) / 2;
      high += std::pow((x - 0.8) / 0.05, 2) / 2;
    }
    return std::min(low, high);
  };
  auto sampler = make(space, {{"temperature", 1.0}, {"temperature_unit", "absolute"}, {"chains", 1}, {"rungs", 6}, {"ladder", 3.0}});
  run_study(sampler, loss, 60000);
  const double high = test::expectation(*sampler.posterior(100000), [](const Point& p) { return p.x[0] > 0.5 ? 1.0 : 0.0; });
  EXPECT_GT(high, 0.2);
  EXPECT_LT(high, 0.8);
  EXPECT_GT(diagnostics(sampler).at("swap_rate"), 0.1);
}

TEST(Mcmc, draws_are_thinned_to_what_was_asked_for) {
  auto sampler = make(line());
  run_study(sampler, [](const Point& p) { return p.x[0]; }, 2000);
  const Posterior all = *sampler.posterior(100000), few = *sampler.posterior(50);
  EXPECT_GT(all.draws.size(), 300U);
  EXPECT_LE(few.draws.size(), 50U);
  EXPECT_GE(few.draws.size(), 20U);
  EXPECT_TRUE(sampler.posterior(0)->draws.empty());
  EXPECT_EQ(few.n_effective, all.n_effective);
}

TEST(Mcmc, step_sizes_find_the_scale_of_the_target) {
  // Width 0.01 of the range, from a first step of 0.2: without tuning one step in twenty would be taken.
  auto sampler = make(line(), {{"temperature", 1.0}, {"temperature_unit", "absolute"}, {"chains", 1}, {"rungs", 1}, {"burn_in", 400}});
  run_study(sampler, [](const Point& p) { return std::pow((p.x[0] - 0.4) / 0.01, 2) / 2; }, 3000);
  const double rate = diagnostics(sampler).at("acceptance_rate");
  EXPECT_GT(rate, 0.2);
  EXPECT_LT(rate, 0.6);
}

TEST(Mcmc, a_million_choices_are_no_burden) {
  std::vector<std::int64_t> values(1000000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  SpaceBuilder s;
  s.choice("c", values);
  auto sampler = make(s.declaration(), {{"chains", 1}, {"rungs", 1}});
  const auto rows = run_study(sampler, [](const Point& p) { return p.x[0] < 1000 ? -1.0 : 0.0; }, 300);
  EXPECT_EQ(rows.size(), 300U);
  EXPECT_FALSE(sampler.posterior(10)->draws.empty());
}

}  // namespace
}  // namespace nascent::mcmc
