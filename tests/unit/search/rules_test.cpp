// Acceptance, stop conditions and ranking against cases worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nascent/rng.hpp>
#include <random>

#include "acceptance.hpp"
#include "history.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/seeds.hpp"
#include "stop.hpp"

namespace nascent::core::search {
namespace {

const Objective kLoss{"loss", Direction::minimize};
const Objective kAccuracy{"accuracy", Direction::maximize};

std::vector<bool> judge(const Acceptance& rule, const Objective& objective, const std::vector<std::vector<double>>& losses) {
  AcceptanceJudge judge(rule, objective, 1);
  std::vector<bool> accepted;
  for (std::size_t i = 0; i < losses.size(); ++i) accepted.push_back(judge.judge(i, losses[i]));
  return accepted;
}

TEST(Acceptance, best_takes_what_beats_all_before) {
  EXPECT_EQ(judge({AcceptanceRule::best, 0, 0}, kLoss, {{3}, {4}, {2}, {2}, {1}}),
            (std::vector<bool>{true, false, true, false, true}));
}

TEST(Acceptance, pareto_takes_what_no_earlier_trial_dominates_or_equals) {
  EXPECT_EQ(judge({AcceptanceRule::pareto, 0, 0}, kLoss, {{2, 2}, {1, 3}, {3, 3}, {2, 2}, {1, 1}, {0, 5}}),
            (std::vector<bool>{true, true, false, false, true, true}));
}

TEST(Acceptance, threshold_is_given_in_the_direction_of_the_objective) {
  EXPECT_EQ(judge({AcceptanceRule::threshold, 0.9, 0}, kAccuracy, {{-0.8}, {-0.9}, {-0.95}}),
            (std::vector<bool>{false, true, true}));
  EXPECT_EQ(judge({AcceptanceRule::threshold, 0.9, 0}, kLoss, {{0.8}, {0.9}, {0.95}}),
            (std::vector<bool>{true, true, false}));
}

TEST(Acceptance, metropolis_moves_on_from_the_last_accepted_trial) {
  const double temperature = 0.5;
  const std::vector<double> losses{1.0, 1.2, 1.1, 2.0, 0.9, 1.0, 1.3, 5.0};
  AcceptanceJudge judge({AcceptanceRule::metropolis, 0, temperature}, kLoss, 7);
  double current = losses[0];
  for (TrialId i = 0; i < losses.size(); ++i) {
    const double u = nascent::Rng(study_seed(7, SeedPart::acceptance), i).uniform();
    const bool expected = i == 0 || losses[i] <= current || u < std::exp(-(losses[i] - current) / temperature);
    EXPECT_EQ(judge.judge(i, std::vector<double>{losses[i]}), expected) << i;
    if (expected) current = losses[i];
  }
}

TEST(Acceptance, metropolis_takes_a_worse_trial_as_often_as_its_temperature_says) {
  // 20,000 draws with p = exp(-1): the share is outside 5 standard deviations with probability 6e-7.
  AcceptanceJudge judge({AcceptanceRule::metropolis, 0, 1}, kLoss, 11);
  int taken = 0;
  for (TrialId i = 0; i < 40000; i += 2) {
    judge.judge(i, std::vector<double>{-1e9});  // always taken
    taken += judge.judge(i + 1, std::vector<double>{-1e9 + 1}) ? 1 : 0;
  }
  const double p = std::exp(-1.0), sd = std::sqrt(p * (1 - p) / 20000);
  EXPECT_NEAR(taken / 20000.0, p, 5 * sd);
}

TEST(StopRule, names_the_condition_that_held) {
  StopConditions c;
  c.target = 0.9;
  c.trials = 3;
  StopRule rule(c, kAccuracy);
  rule.observe({true, 1, -0.5});
  EXPECT_EQ(rule.reached(0), "");
  rule.observe({true, 1, -0.92});
  EXPECT_EQ(rule.reached(0), "target=0.9 accuracy=0.92");
  StopRule by_count(c, kAccuracy);
  for (int i = 0; i < 3; ++i) by_count.observe({false, 1, {}});
  EXPECT_EQ(by_count.reached(0), "trials=3");
  EXPECT_TRUE(by_count.allows(2));
  EXPECT_FALSE(by_count.allows(3));
}

TEST(StopRule, no_improvement_counts_trials_in_a_row) {
  StopConditions c;
  c.no_improvement = 2;
  StopRule rule(c, kLoss);
  rule.observe({false, 1, {}});
  rule.observe({true, 1, 1.0});
  rule.observe({false, 1, 1.0});
  EXPECT_EQ(rule.reached(0), "");
  rule.observe({false, 1, 1.0});
  EXPECT_EQ(rule.reached(0), "no_improvement=2");
}

TEST(StopRule, without_a_limit_on_trials_a_search_ends_that_finds_nothing_new) {
  StopConditions c;
  c.train_seconds = 10;
  StopRule rule(c, kLoss);
  const StopRule::Outcome repeat{false, 0, 1.0, false};
  for (std::uint64_t i = 0; i + 1 < StopRule::kIdleTrialsMax; ++i) rule.observe(repeat);
  rule.observe({false, 0, 1.0});
  for (std::uint64_t i = 0; i + 1 < StopRule::kIdleTrialsMax; ++i) rule.observe(repeat);
  EXPECT_EQ(rule.reached(0), "");
  rule.observe(repeat);
  EXPECT_EQ(rule.reached(0), "nothing_new=10000");
  c.trials = 1'000'000;
  StopRule limited(c, kLoss);
  for (std::uint64_t i = 0; i < 2 * StopRule::kIdleTrialsMax; ++i) limited.observe(repeat);
  EXPECT_EQ(limited.reached(0), "") << "somebody wants that many, as draws from a posterior";
}

TEST(StopRule, time_is_the_sum_of_costs_or_of_the_clock) {
  StopConditions c;
  c.train_seconds = 2;
  c.wall_seconds = 10;
  StopRule rule(c, kLoss);
  rule.observe({true, 1.5, 1.0});
  EXPECT_EQ(rule.reached(9.9), "");
  EXPECT_EQ(rule.reached(10), "wall_time=10s");
  rule.observe({true, 0.5, 1.0});
  EXPECT_EQ(rule.reached(0), "train_seconds=2");
}

Trial measured(TrialId id, double loss, double size) {
  Trial t;
  t.id = id;
  t.state = TrialState::completed;
  t.metrics = {{"loss", loss}, {"size", size}};
  return t;
}

std::vector<TrialId> best_first(const StudyConfig& config, const std::vector<Trial>& trials) {
  Ranking ranking{Scoring(config)};
  for (const Trial& trial : trials) ranking.add(trial);
  return ranking.best();
}

TEST(Ranking, best_first_leaves_out_what_failed_broke_a_constraint_or_was_copied) {
  StudyConfig config;
  config.objectives = {kLoss};
  config.constraints = {{"size", 1.0, 5.0}};
  std::vector<Trial> trials{measured(0, 3, 2), measured(1, 1, 6), measured(2, 1, 0), measured(3, 2, 5), measured(4, 2, 1),
                            measured(5, 0, 2), measured(6, 0, 2)};
  trials[5].state = TrialState::pruned;
  trials[6].duplicate_of = 0;
  EXPECT_EQ(best_first(config, trials), (std::vector<TrialId>{3, 4, 0}));
}

TEST(Ranking, several_objectives_are_ranked_front_by_front) {
  StudyConfig config;
  config.objectives = {kLoss, {"size", Direction::minimize}};
  const std::vector<Trial> trials{measured(0, 3, 3), measured(1, 1, 4), measured(2, 2, 2), measured(3, 4, 1), measured(4, 2, 5)};
  // Front 0: 1, 2, 3. Front 1: 0 (behind 2) and 4 (behind 1).
  EXPECT_EQ(best_first(config, trials), (std::vector<TrialId>{1, 2, 3, 4, 0}));
}

// Against the definition: a trial is in the first front in which nobody dominates it.
TEST(Ranking, fronts_are_those_of_a_count_of_dominators) {
  StudyConfig config;
  for (const std::size_t n_objectives : {2U, 3U}) {
    config.objectives.clear();
    for (std::size_t k = 0; k < n_objectives; ++k) config.objectives.push_back({std::to_string(k), Direction::minimize});
    std::mt19937 random(7);
    std::vector<Trial> left;
    for (TrialId id = 0; id < 60; ++id) {
      left.push_back(measured(id, 0, 0));
      left.back().metrics.clear();
      for (const Objective& o : config.objectives) left.back().metrics.push_back({o.metric, static_cast<double>(random() % 6)});
    }
    const auto losses = [](const Trial& t) {
      std::vector<double> values;
      for (const Metric& m : t.metrics) values.push_back(m.value);
      return values;
    };
    const std::vector<Trial> all = left;
    std::vector<TrialId> expected;
    while (!left.empty()) {
      const auto inferior = std::ranges::stable_partition(left, [&](const Trial& t) {
        return std::ranges::none_of(left, [&](const Trial& other) { return dominates(losses(other), losses(t)); });
      });
      std::vector<Trial> front(left.begin(), inferior.begin());
      std::ranges::stable_sort(front, {}, losses);
      for (const Trial& t : front) expected.push_back(t.id);
      left.erase(left.begin(), inferior.begin());
    }
    EXPECT_EQ(best_first(config, all), expected) << n_objectives << " objectives";
  }
}

TEST(Ranking, of_equals_the_first_stands_for_all_on_the_front) {
  StudyConfig config;
  config.objectives = {kLoss, {"size", Direction::minimize}};
  Ranking ranking{Scoring(config)};
  for (const Trial& trial : {measured(2, 1, 4), measured(0, 2, 2), measured(1, 1, 4), measured(3, 3, 3)}) ranking.add(trial);
  EXPECT_EQ(ranking.front(), (std::vector<TrialId>{1, 0}));
  EXPECT_EQ(ranking.best(2), (std::vector<TrialId>{1, 2}));
}

TEST(Ranking, a_violation_is_the_distance_to_the_nearer_bound_that_is_broken) {
  StudyConfig config;
  config.objectives = {kLoss};
  config.constraints = {{"size", 1.0, 5.0}, {"size", 2.0, std::nullopt}};
  const Scoring scoring(config);
  std::vector<double> v(2);
  EXPECT_EQ(scoring.violations(std::vector<Metric>{{"size", 7}}, v), "");
  EXPECT_EQ(v, (std::vector<double>{2, -5}));
  EXPECT_EQ(scoring.violations(std::vector<Metric>{{"size", 0.5}}, v), "");
  EXPECT_EQ(v, (std::vector<double>{0.5, 1.5}));
  EXPECT_EQ(scoring.violations(std::vector<Metric>{}, v), "size");
}

TEST(History, pending_trials_show_configurations_and_nothing_else) {
  History h(1, 1, 1, 0);
  for (TrialId id : {0U, 1U, 2U}) {
    const Position i = h.append(id);
    h.x_of(i)[0] = static_cast<double>(id) + 0.5;
    h.active_of(i)[0] = 1;
    h.losses_of(i)[0] = 9;
    h.violations_of(i)[0] = 8;
    h.finish(i, NAS_TRIAL_COMPLETED, 3, 4);
    h.accept(i);
  }
  ObservationView view = h.pending_slice(1, 2);
  const nas_obs& o = *view.get();
  ASSERT_EQ(o.n, 2U);
  EXPECT_EQ(o.trial_id[1], 2U);
  EXPECT_EQ(o.at->x[1], 2.5);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(o.state[i], NAS_TRIAL_PENDING);
    EXPECT_EQ(o.values[i] + o.constraints[i] + o.budget[i] + o.cost_seconds[i] + o.accepted[i], 0);
  }
}

TEST(History, a_gathered_view_holds_the_rows_asked_for) {
  History h(2, 1, 0, 0);
  for (TrialId id = 0; id < 5; ++id) {
    const Position i = h.append(id * 10);
    h.x_of(i)[1] = static_cast<double>(id);
    h.losses_of(i)[0] = static_cast<double>(id) * 2;
    if (id != 3) h.finish(i, NAS_TRIAL_COMPLETED, 1, 1);
  }
  const std::vector<Position> some{1, 3, 4};
  ObservationView view = h.gather(some);
  const nas_obs& o = *view.get();
  EXPECT_EQ(o.trial_id[2], 40U);
  EXPECT_EQ(o.values[2], 8);
  EXPECT_EQ(o.at->x[2 * 2 + 1], 4);
  EXPECT_EQ(o.state[1], NAS_TRIAL_PENDING);
  EXPECT_TRUE(h.contains(30));
  EXPECT_FALSE(h.contains(31));
  EXPECT_FALSE(h.contains(50));
}

}  // namespace
}  // namespace nascent::core::search
