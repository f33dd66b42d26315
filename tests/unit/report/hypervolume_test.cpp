#include "nascent/core/hypervolume.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nascent::core {
namespace {

Scoring scoring() {
  StudyConfig c;
  c.objectives = {{"accuracy", Direction::maximize}, {"size", Direction::minimize}};
  c.constraints = {{"latency", {}, 10}};
  return Scoring(c);
}

Trial trial(TrialId id, double accuracy, double size, double latency = 1) {
  Trial t;
  t.id = id;
  t.state = TrialState::completed;
  t.metrics = {{"accuracy", accuracy}, {"size", size}, {"latency", latency}};
  return t;
}

Ranking ranked(const std::vector<Trial>& trials) {
  Ranking ranking(scoring());
  for (const Trial& t : trials) ranking.add(t);
  return ranking;
}

TEST(Hypervolume, lies_between_the_trials_and_the_worst_of_them) {
  const std::vector trials{trial(0, 0.5, 4), trial(1, 0.75, 8), trial(2, 0.25, 2), trial(3, 0.25, 10)};
  const auto found = hypervolume(ranked(trials));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reference, (std::vector<double>{0.25, 10}));
  EXPECT_DOUBLE_EQ(found->value, 0.25 * 6 + 0.25 * 2) << "two boxes beside each other";
}

TEST(Hypervolume, may_have_a_reference_that_stays) {
  const std::vector trials{trial(0, 0.5, 4), trial(1, 0.75, 8)};
  const std::vector<double> reference{0, 10};
  EXPECT_DOUBLE_EQ(hypervolume(ranked(trials), reference)->value, 0.5 * 6 + 0.25 * 2);
  EXPECT_DOUBLE_EQ(hypervolume(ranked(trials), std::vector<double>{0.6, 10})->value, 0.15 * 2)
      << "only what is better than it";
  EXPECT_FALSE(hypervolume(ranked(trials), std::vector<double>{std::nan(""), 10}));
}

TEST(Hypervolume, leaves_out_what_breaks_a_constraint_or_did_not_complete) {
  std::vector trials{trial(0, 0.5, 4), trial(1, 0.9, 1, 11), trial(2, 0.9, 1)};
  trials[2].state = TrialState::failed;
  EXPECT_DOUBLE_EQ(hypervolume(ranked(trials), std::vector<double>{0, 10})->value, 3);
  trials[0].state = TrialState::pruned;
  EXPECT_FALSE(hypervolume(ranked(trials)));
}

}  // namespace
}  // namespace nascent::core
