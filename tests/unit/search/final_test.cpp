// After the search: which trials are trained again, and whose model is chosen.
#include <gtest/gtest.h>

#include <algorithm>

#include "final_stage.hpp"
#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Scripted;
using fakes::ShuffledExecutor;
using search::run_final_stage;
using test::at;
using test::StudyInMemory;

StudyConfig config(std::uint32_t top, std::uint32_t seeds) {
  StudyConfig c = test::study_config(1, 4);
  c.final.top = top;
  c.final.seeds = seeds;
  return c;
}

// Losses of the search: 0.5, 0.2, 0.3, 0.7.
void search_four(StudyInMemory& study) {
  Scripted::script = {at(0.3, 0.5), at(0.3, 0.2), at(0.3, 0.3), at(0.3, 0.7)};
  ASSERT_TRUE(study.run<Scripted>());
}

TEST(FinalStage, without_a_final_section_the_best_search_trial_is_chosen) {
  StudyInMemory study(config(0, 1));
  search_four(study);
  ShuffledExecutor executor(study.store(), study.coordinator(), {}, test::bowl);
  const auto outcome = run_final_stage(study.setup(), executor, study.stop());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->chosen->id, 1U);
  EXPECT_TRUE(outcome->finals.empty());
}

TEST(FinalStage, trains_the_best_trials_with_several_seeds_and_chooses_by_the_mean) {
  StudyInMemory study(config(2, 2));
  search_four(study);
  // Parent 1 (x 0.2): 0.1 and 0.9, mean 0.5. Parent 2: 0.4 and 0.3, mean 0.35.
  const auto evaluate = [](Trial& trial) {
    const double losses[] = {0.1, 0.9, 0.4, 0.3};
    trial.metrics = {{"loss", losses[trial.id - 4]}};
  };
  ShuffledExecutor executor(study.store(), study.coordinator(), {.workers = 2}, evaluate);
  const auto outcome = run_final_stage(study.setup(), executor, study.stop());
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_EQ(outcome->finals.size(), 4U);
  EXPECT_EQ(outcome->chosen->id, 7U);
  EXPECT_EQ(outcome->chosen->parent, 2U);
  std::vector<std::uint64_t> seeds;
  for (const Trial& t : outcome->finals) {
    EXPECT_EQ(t.role, TrialRole::final);
    seeds.push_back(t.seed);
  }
  std::ranges::sort(seeds);
  EXPECT_EQ(std::ranges::adjacent_find(seeds), seeds.end());
}

TEST(FinalStage, continues_where_a_killed_run_ended) {
  for (std::size_t n = 0; n < 4; ++n) {
    StudyInMemory study(config(2, 2));
    search_four(study);
    ShuffledExecutor dying(study.store(), study.coordinator(), {.dies_after = n}, test::bowl);
    ASSERT_FALSE(run_final_stage(study.setup(), dying, study.stop()));
    ShuffledExecutor executor(study.store(), study.coordinator(), {}, test::bowl);
    const auto outcome = run_final_stage(study.setup(), executor, study.stop());
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(executor.submitted(), 4 - n);
    EXPECT_EQ(outcome->finals.size(), 4U);
    EXPECT_EQ(study.trials().size(), 8U);
    EXPECT_EQ(outcome->chosen->parent, 1U);
  }
}

TEST(FinalStage, the_best_search_trial_stands_when_no_final_training_completes) {
  StudyInMemory study(config(1, 1));
  search_four(study);
  ShuffledExecutor executor(study.store(), study.coordinator(), {}, [](Trial& trial) { trial.state = TrialState::failed; });
  const auto outcome = run_final_stage(study.setup(), executor, study.stop());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->chosen->id, 1U);
}

TEST(FinalStage, a_study_without_a_completed_trial_chooses_nothing) {
  StudyInMemory study(config(2, 1));
  Scripted::script.assign(4, at(0.3, 0.95));
  ASSERT_TRUE(study.run<Scripted>());
  ShuffledExecutor executor(study.store(), study.coordinator(), {}, test::bowl);
  const auto outcome = run_final_stage(study.setup(), executor, study.stop());
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->chosen);
}

TEST(FinalStage, final_trials_are_no_part_of_the_search_when_it_goes_on) {
  StudyInMemory study(config(1, 1));
  search_four(study);
  ShuffledExecutor executor(study.store(), study.coordinator(), {}, test::bowl);
  ASSERT_TRUE(run_final_stage(study.setup(), executor, study.stop()));
  study.config().stop.trials = 6;
  Scripted::script.assign(8, at(0.3, 0.6));
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->counts.asked, 6U);
  const auto trials = study.trials();
  ASSERT_EQ(trials.size(), 7U);
  EXPECT_EQ(trials[4].role, TrialRole::final);
  EXPECT_EQ(trials[5].role, TrialRole::search);
}

}  // namespace
}  // namespace nascent::core
