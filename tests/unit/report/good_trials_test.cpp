#include "report/good_trials.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nascent/space_builder.hpp>
#include <numeric>

namespace nascent::core::report {
namespace {

Trial trial(TrialId id, const nascent::Point& p, std::vector<Metric> metrics) {
  Trial t;
  t.id = id;
  t.state = TrialState::completed;
  t.configuration = {p.x, p.active};
  t.metrics = std::move(metrics);
  return t;
}

std::vector<const Trial*> pointers(const std::vector<Trial>& trials) {
  std::vector<const Trial*> all;
  for (const Trial& t : trials) all.push_back(&t);
  return all;
}

StudyConfig config(Direction direction = Direction::minimize) {
  StudyConfig c;
  c.objectives = {{"loss", direction}};
  return c;
}

StudySpace wide() {
  nascent::SpaceBuilder s;
  for (int i = 0; i < 10; ++i) s.choice("c" + std::to_string(i), {"a", "b", "c", "d"});
  for (int i = 0; i < 10; ++i) s.real("x" + std::to_string(i), 0, 1);
  return StudySpace(s.declaration());
}

TEST(PriorOverProposal, hardly_varies_over_trials_that_were_drawn_from_the_prior) {
  const StudySpace space = wide();
  double mean = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<Trial> trials;
    for (TrialId id = 0; id < 100; ++id) {
      nascent::Rng rng(seed, id);
      nascent::Point p(space.size());
      nascent::SpaceView(space.view()).sample(rng, p.row());
      trials.push_back(trial(id, p, {}));
    }
    double squares = 0;
    for (const double w : prior_over_proposal(space, pointers(trials))) squares += w * w;
    EXPECT_GT(100 * 100 / squares, 70) << "trials that the weighted ones are worth, of 100";
    mean += 100 * 100 / squares / 200;
  }
  EXPECT_GT(mean, 97);
}

TEST(PriorOverProposal, makes_up_for_proposals_that_prefer_a_choice) {
  nascent::SpaceBuilder s;
  s.choice("c", {"a", "b"});
  const StudySpace space(s.declaration());
  std::vector<Trial> trials;
  nascent::Point p(1);
  p.active = {1};
  for (TrialId id = 0; id < 1000; ++id) {
    p.x[0] = id % 10 == 0 ? 1 : 0;  // nine of ten are "a"
    trials.push_back(trial(id, p, {}));
  }
  const auto weights = prior_over_proposal(space, pointers(trials));
  EXPECT_NEAR(weights[0], 5, 0.1);
  EXPECT_NEAR(weights[1], 0.5 / 0.9, 0.01);
}

TEST(PriorOverProposal, makes_up_for_proposals_that_prefer_a_range) {
  nascent::SpaceBuilder s;
  s.real("rate", 1e-4, 1, {.scale = nascent::Scale::log});
  const StudySpace space(s.declaration());
  std::vector<Trial> trials;
  nascent::Rng rng(2);
  double mean = 0;
  for (TrialId id = 0; id < 4000; ++id) {
    nascent::Point p(1);
    p.active = {1};
    p.x[0] = std::pow(10, -4 * std::pow(rng.uniform(), 2));  // crowds at 1
    trials.push_back(trial(id, p, {}));
  }
  const auto weights = prior_over_proposal(space, pointers(trials));
  for (std::size_t j = 0; j < trials.size(); ++j) mean += weights[j] * std::log10(trials[j].configuration.x[0]) / 4000;
  EXPECT_NEAR(mean, -2, 0.15) << "as under the prior; -1.33 unweighted";
}

TEST(PriorOverProposal, of_one_trial_never_outweighs_all_others) {
  nascent::SpaceBuilder s;
  for (int i = 0; i < 10; ++i) s.choice("c" + std::to_string(i), {"a", "b"});
  const StudySpace space(s.declaration());
  std::vector<Trial> trials;
  for (TrialId id = 0; id < 400; ++id) {
    nascent::Point p(10);
    p.active.assign(10, 1);
    if (id == 7) p.x.assign(10, 1);  // the only one that is not all "a"
    trials.push_back(trial(id, p, {}));
  }
  const auto weights = prior_over_proposal(space, pointers(trials));
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 400, 1e-9);
  EXPECT_NEAR(weights[7], 20, 1e-6) << "the square root of 400";
}

TEST(PriorOverProposal, of_configurations_that_the_prior_excludes_is_0) {
  nascent::SpaceBuilder s;
  s.choice("c", {"a", "never"}, {1, 0});
  const StudySpace space(s.declaration());
  nascent::Point p(1);
  p.active = {1};
  std::vector<Trial> trials{trial(0, p, {})};
  p.x[0] = 1;
  trials.push_back(trial(1, p, {}));
  EXPECT_EQ(prior_over_proposal(space, pointers(trials)), (std::vector<double>{2, 0}));
  trials.erase(trials.begin());
  EXPECT_EQ(prior_over_proposal(space, pointers(trials)), std::vector<double>{1}) << "nothing else to go by";
}

StudySpace line() {
  nascent::SpaceBuilder s;
  s.real("x", 0, 1);
  return StudySpace(s.declaration());
}

// x = 0.5/n, 1.5/n, ...: as even as the prior. Loss: x.
std::vector<Trial> ramp(std::size_t n) {
  std::vector<Trial> trials;
  for (TrialId id = 0; id < n; ++id) {
    nascent::Point p(1);
    p.active = {1};
    p.x[0] = (static_cast<double>(id) + 0.5) / static_cast<double>(n);
    trials.push_back(trial(id, p, {{"loss", p.x[0]}}));
  }
  return trials;
}

TEST(GoodTrials, are_the_best_share) {
  const GoodTrials found = good_trials(Scoring(config()), line(), ramp(200), 0.1);
  EXPECT_EQ(found.finished, 200U);
  EXPECT_EQ(found.good.rows.size(), 20U);
  EXPECT_DOUBLE_EQ(*found.good.good_share, 0.1);
  EXPECT_DOUBLE_EQ(found.good.n_effective, 20);
  EXPECT_DOUBLE_EQ(*found.threshold, 19.5 / 200);
}

TEST(GoodTrials, have_high_values_where_the_objective_is_maximised) {
  const GoodTrials found = good_trials(Scoring(config(Direction::maximize)), line(), ramp(200), 0.1);
  EXPECT_DOUBLE_EQ(*found.threshold, 180.5 / 200);
  for (const Configuration& c : found.good.rows) EXPECT_GT(c.x[0], 0.9);
}

TEST(GoodTrials, failures_and_broken_constraints_count_as_bad) {
  std::vector<Trial> trials = ramp(200);
  for (std::size_t i = 0; i < 100; ++i) {
    if (i % 2 == 0) trials[i].state = TrialState::failed;
    if (i % 2 == 1) trials[i].metrics.push_back({"size", 9});
  }
  for (std::size_t i = 100; i < 200; ++i) trials[i].metrics.push_back({"size", 1});
  StudyConfig c = config();
  c.constraints = {{"size", std::nullopt, 5.0}};
  const GoodTrials found = good_trials(Scoring(c), line(), trials, 0.1);
  EXPECT_EQ(found.finished, 200U);
  ASSERT_EQ(found.good.rows.size(), 20U) << "a tenth of all, not of those that completed";
  for (const Configuration& row : found.good.rows) EXPECT_GT(row.x[0], 0.5);
}

TEST(GoodTrials, equal_values_are_equally_good) {
  std::vector<Trial> trials = ramp(100);
  for (std::size_t i = 0; i < 30; ++i) trials[i].metrics[0].value = 0;
  EXPECT_EQ(good_trials(Scoring(config()), line(), trials, 0.1).good.rows.size(), 30U);
}

TEST(GoodTrials, there_is_at_least_one_and_running_trials_do_not_count) {
  std::vector<Trial> trials = ramp(5);
  trials[0].state = TrialState::running;
  const GoodTrials found = good_trials(Scoring(config()), line(), trials, 0.1);
  EXPECT_EQ(found.finished, 4U);
  ASSERT_EQ(found.good.rows.size(), 1U);
  EXPECT_DOUBLE_EQ(found.good.rows[0].x[0], 0.3);
  EXPECT_TRUE(good_trials(Scoring(config()), line(), {}, 0.1).good.rows.empty());
}

TEST(GoodTrials, of_several_objectives_have_the_best_mean_rank) {
  std::vector<Trial> trials = ramp(100);
  for (std::size_t i = 0; i < 100; ++i)
    trials[i].metrics.push_back({"cost", 1e6 * std::abs(static_cast<double>(i) - 40)});
  StudyConfig c = config();
  c.objectives.push_back({"cost", Direction::minimize});
  const GoodTrials found = good_trials(Scoring(c), line(), trials, 0.05);
  EXPECT_FALSE(found.threshold.has_value());
  for (const Configuration& row : found.good.rows) {
    EXPECT_GT(row.x[0], 0.2);
    EXPECT_LT(row.x[0], 0.42);
  }
}

// A sampler that has closed in on one choice: what is good under the prior comes out all the same.
TEST(GoodTrials, weights_give_back_the_share_of_a_choice_among_the_good) {
  nascent::SpaceBuilder s;
  s.choice("c", {"a", "b"});
  s.real("x", 0, 1);
  const StudySpace space(s.declaration());
  std::vector<Trial> trials;
  nascent::Rng rng(4);
  for (TrialId id = 0; id < 4000; ++id) {
    nascent::Point p(2);
    p.active = {1, 1};
    p.x = {rng.uniform() < 0.1 ? 1.0 : 0.0, rng.uniform()};  // nine of ten are "a"
    // Good, the best fifth: x below 0.3 with "a", below 0.1 with "b". So three quarters of the good are "a".
    trials.push_back(trial(id, p, {{"loss", p.x[1] / (p.x[0] == 0 ? 0.3 : 0.1)}}));
  }
  const GoodTrials found = good_trials(Scoring(config()), space, trials, 0.2);
  const auto table = marginals(space, found.good, {});
  EXPECT_NEAR(*found.threshold, 1, 0.1);
  EXPECT_NEAR(table[0].values[0].posterior, 0.75, 0.05);
  EXPECT_LT(table[0].values[0].low, 0.75);
  EXPECT_GT(table[0].values[0].high, 0.75);
  EXPECT_NEAR(*table[0].values[0].good, 0.3, 0.03);
}

}  // namespace
}  // namespace nascent::core::report
