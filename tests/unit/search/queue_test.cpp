// Configurations that are tried before the sampler is asked.
#include <gmock/gmock.h>

#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Scripted;
using fakes::ShuffledExecutor;
using test::expect_same;
using test::StudyInMemory;
using test::take;
using ::testing::HasSubstr;

QueuedConfiguration wish(double x, double y) { return {{{x, y}, {1, 1}}, "test"}; }

void queue(StudyInMemory& study, std::vector<QueuedConfiguration> wishes) {
  take(study.store().queue_configurations(study.coordinator().study, wishes).map([] { return 0; }));
}

std::vector<double> xs(const std::vector<Trial>& trials) {
  std::vector<double> x;
  for (const Trial& t : trials) x.push_back(t.configuration.x[0]);
  return x;
}

TEST(Queue, what_waits_is_tried_first_and_the_sampler_goes_on_after_it) {
  Scripted::script.assign(6, nascent::Point(2));
  for (std::size_t i = 0; i < 6; ++i) Scripted::script[i].active = {1, 1};
  StudyInMemory study(test::study_config(2, 4));
  queue(study, {wish(0.25, 0.5), wish(0.75, 0.5)});
  ASSERT_TRUE(study.run<Scripted>());
  EXPECT_THAT(xs(study.trials()), testing::ElementsAre(0.25, 0.75, 0, 0));
}

TEST(Queue, the_sampler_is_told_of_queued_trials_as_of_its_own) {
  StudyInMemory study(test::study_config(1, 3));
  queue(study, {wish(0.25, 0.5)});
  std::vector<double> told;
  fakes::Telltale::on_tell = [&](const nascent::Observation& o) { told.push_back(o.at().x[0]); };
  ASSERT_TRUE(study.run());
  fakes::Telltale::on_tell = nullptr;
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0], 0.25);
}

TEST(Queue, a_deterministic_study_gives_the_same_trials_after_any_kill) {
  for (const auto rows : {ShuffledExecutor::Rows::queued_first, ShuffledExecutor::Rows::finished_only}) {
    StudyInMemory whole(test::study_config(3, 12));
    queue(whole, {wish(0.1, 0.1), wish(0.2, 0.1), wish(0.3, 0.1), wish(0.4, 0.1)});
    ASSERT_TRUE(whole.run({.workers = 3, .rows = rows}));
    for (std::size_t dies_after = 0; dies_after < 12; ++dies_after) {
      StudyInMemory killed(test::study_config(3, 12));
      queue(killed, {wish(0.1, 0.1), wish(0.2, 0.1), wish(0.3, 0.1), wish(0.4, 0.1)});
      EXPECT_FALSE(killed.run({.workers = 2, .order = dies_after, .rows = rows, .dies_after = dies_after}));
      ASSERT_TRUE(killed.run({.workers = 1, .rows = rows}));
      expect_same(whole.trials(), killed.trials(), "killed after " + std::to_string(dies_after));
    }
  }
}

TEST(Queue, what_is_queued_while_the_study_runs_becomes_the_next_trial_and_a_resumed_study_keeps_it) {
  for (const bool deterministic : {true, false}) {
    StudyConfig config = test::study_config(1, 8);
    config.deterministic = deterministic;
    StudyInMemory study(config);
    bool done = false;
    const auto add_late = [&](std::size_t finished) {
      if (finished == 3 && !std::exchange(done, true)) queue(study, {wish(0.125, 0.5)});
    };
    EXPECT_FALSE(study.run({.dies_after = 6, .between = add_late}));
    ASSERT_TRUE(study.run());
    const auto trials = study.trials();
    ASSERT_EQ(trials.size(), 8U);
    EXPECT_EQ(trials[4].configuration.x[0], 0.125) << "trial 3 was asked for already";
    EXPECT_EQ(take(study.store().queued_configurations(study.coordinator().study))[0].trial, 4U);
  }
}

TEST(Queue, an_asynchronous_study_asks_for_as_many_as_may_run_though_few_wait) {
  StudyConfig config = test::study_config(4, 8);
  config.deterministic = false;
  StudyInMemory study(config);
  queue(study, {wish(0.25, 0.5)});
  std::size_t most = 0;
  ASSERT_TRUE(study.run({.workers = 4, .between = [&](std::size_t finished) {
                           if (finished == 0) most = study.executor().submitted();
                         }}));
  EXPECT_EQ(most, 4U);
  EXPECT_EQ(study.trials()[0].configuration.x[0], 0.25);
}

TEST(Queue, counts_among_the_trials_and_what_is_left_waits) {
  StudyInMemory study(test::study_config(1, 2));
  queue(study, {wish(0.1, 0.1), wish(0.2, 0.1), wish(0.3, 0.1)});
  ASSERT_TRUE(study.run());
  EXPECT_EQ(study.trials().size(), 2U);
  study.config().stop.trials = 3;
  ASSERT_TRUE(study.run());
  EXPECT_EQ(study.trials()[2].configuration.x[0], 0.3);
}

TEST(Queue, is_tried_though_the_sampler_has_nothing_left) {
  Scripted::script.clear();
  StudyInMemory study(test::study_config(1, 5));
  queue(study, {wish(0.1, 0.1), wish(0.2, 0.1)});
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, "exhausted");
  EXPECT_EQ(study.trials().size(), 2U);
}

TEST(Queue, a_wish_that_was_tried_before_is_not_exchanged_for_another) {
  StudyConfig config = test::study_config(1, 2);
  config.duplicates = Duplicates::resample;
  StudyInMemory study(config);
  queue(study, {wish(0.1, 0.1), wish(0.1, 0.1)});
  ASSERT_TRUE(study.run());
  EXPECT_EQ(study.trials()[1].duplicate_of, 0U);
}

TEST(Queue, a_configuration_of_another_space_ends_the_study) {
  StudyInMemory study(test::study_config(1, 2));
  queue(study, {wish(1.5, 0.1)});
  const auto outcome = study.run();
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("queued configuration 1 is none of the study's search space"));
}

}  // namespace
}  // namespace nascent::core
