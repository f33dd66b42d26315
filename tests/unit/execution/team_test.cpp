// Real worker processes that train a trial together, with a trainer that only meets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "execution/descendants.hpp"
#include "study_fixture.hpp"

namespace nascent::core::test {
namespace {

using testing::HasSubstr;

class TeamOfWorkers : public testing::Test {
 protected:
  Trial run_one(const std::string& options, const std::string& workers = "") {
    const StudyText text{.trainer = "none", .workers = workers, .more = "[trainer]\ntype = \"crew\"\n" + options};
    study_ = std::make_unique<OpenStudy>(folder_.root(), text);
    executor_ = study_->workers();
    take(executor_->start());
    const auto finished = study_->run(*executor_, {study_->trial(0)});
    if (finished.empty()) throw std::runtime_error("no trial finished");
    return finished.at(0);
  }
  [[nodiscard]] std::vector<LeaseRecord> attempts() const { return take(study_->store().attempts(study_->coordinator().study, 0)); }

  TemporaryFolder folder_;
  std::unique_ptr<OpenStudy> study_;
  std::unique_ptr<Executor> executor_;
};

TEST_F(TeamOfWorkers, trains_a_trial_and_the_first_alone_reports_it) {
  const Trial trial = run_one("processes = 3");
  EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  EXPECT_EQ(metric(trial, "crew"), 3);
  EXPECT_EQ(take(study_->store().reports(study_->coordinator().study, 0)).size(), 1U);
  executor_->stop(StopMode::finish_running);
  EXPECT_TRUE(descendants_of(getpid()).empty());
}

TEST_F(TeamOfWorkers, a_trial_of_one_process_has_no_team) {
  const Trial trial = run_one("processes = 1");
  EXPECT_EQ(metric(trial, "crew"), 1);
}

TEST_F(TeamOfWorkers, a_crash_of_the_last_is_the_trials_and_a_new_team_tries_again) {
  const Trial trial = run_one("processes = 3\nmood = \"crash\"\nonly_once = \"once\"", "retries = 1");
  EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  ASSERT_EQ(attempts().size(), 2U);
  EXPECT_EQ(attempts()[0].reason, FailureReason::crashed);
}

TEST_F(TeamOfWorkers, a_crash_without_a_retry_says_which_process_it_was) {
  const Trial trial = run_one("processes = 2\nmood = \"crash\"", "retries = 0");
  EXPECT_EQ(trial.state, TrialState::failed);
  EXPECT_EQ(trial.reason, FailureReason::crashed);
  EXPECT_THAT(trial.message, HasSubstr("its worker ended by SIGSEGV"));
  EXPECT_THAT(trial.message, HasSubstr("process 2 of 2 that train together ended by SIGSEGV"));
}

TEST_F(TeamOfWorkers, what_made_one_give_up_is_the_trials_reason_not_that_the_others_lost_it) {
  const Trial trial = run_one("processes = 3\nmood = \"no_memory\"");
  EXPECT_EQ(trial.state, TrialState::failed);
  EXPECT_EQ(trial.reason, FailureReason::out_of_memory);
  EXPECT_THAT(trial.message, HasSubstr("process 3 of 3"));
  EXPECT_THAT(trial.message, HasSubstr("no room for its share"));
}

TEST_F(TeamOfWorkers, that_falls_apart_without_a_reason_counts_as_crashed) {
  const Trial trial = run_one("processes = 2\nmood = \"leave\"", "retries = 0");
  EXPECT_EQ(trial.state, TrialState::failed);
  EXPECT_EQ(trial.reason, FailureReason::crashed);
  EXPECT_THAT(trial.message, HasSubstr("lost the others"));
}

}  // namespace
}  // namespace nascent::core::test
