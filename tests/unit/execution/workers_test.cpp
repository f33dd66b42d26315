// Real worker processes with a trainer that crashes, hangs, eats memory and recovers on request.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "execution/silence.hpp"
#include "store/clock.hpp"
#include "study_fixture.hpp"

namespace nascent::core::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Workers : public testing::Test {
 protected:
  void open(const StudyText& text, DecideVerdict decide = {}) {
    study_ = std::make_unique<OpenStudy>(folder_.root(), text);
    executor_ = study_->workers(std::move(decide));
    take(executor_->start());
  }
  [[nodiscard]] std::vector<Trial> trials(TrialId n) const {
    std::vector<Trial> all;
    for (TrialId id = 0; id < n; ++id) all.push_back(study_->trial(id));
    return all;
  }
  Trial run_one() {
    const auto finished = study_->run(*executor_, trials(1));
    if (finished.empty()) throw std::runtime_error("no trial finished");
    return finished.at(0);
  }
  [[nodiscard]] std::vector<LeaseRecord> attempts(TrialId id) const {
    return take(study_->store().attempts(study_->coordinator().study, id));
  }
  // Waits until a trial has reported.
  pid_t pid_of_a_busy_worker() {
    for (int i = 0; i < 2000; ++i) {
      take(executor_->next(milliseconds(5)));
      for (const LeaseRecord& lease : take(study_->store().open_leases(study_->coordinator().study))) {
        if (!take(study_->store().reports(study_->coordinator().study, lease.lease.trial)).empty()) {
          return std::stoi(lease.worker.substr(lease.worker.rfind(':') + 1));
        }
      }
    }
    return 0;
  }
  TemporaryFolder folder_;
  std::unique_ptr<OpenStudy> study_;
  std::unique_ptr<Executor> executor_;
};

TEST_F(Workers, run_trials_and_store_reports_metrics_and_models) {
  open({.trainer = "", .workers = "", .more = ""});
  const auto finished = study_->run(*executor_, trials(8));
  ASSERT_EQ(finished.size(), 8U);
  for (const auto& [id, trial] : finished) {
    EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
    EXPECT_EQ(take(study_->store().reports(study_->coordinator().study, id)).size(), 4U);
    EXPECT_TRUE(fs::exists(model_path(study_->artifacts(), id)));
  }
}

TEST_F(Workers, give_the_same_trials_as_this_process_at_any_number) {
  const auto results = [&](const std::string& name, int count) {
    TemporaryFolder folder;
    OpenStudy study(folder.root(), {.trainer = "jitter_ms = 5", .workers = "", .more = ""});
    WorkersSetup setup = study.workers_setup();
    setup.config.count = static_cast<std::uint32_t>(std::max(count, 1));
    const auto runner = take(component_runner(study.catalog(), study.study(), study.artifacts()));
    const auto executor = count == 0 ? inline_executor(study.store(), study.coordinator(), *runner, 4)
                                     : workers_executor(study.store(), study.coordinator(), setup);
    take(executor->start());
    std::vector<Trial> all;
    for (TrialId id = 0; id < 12; ++id) all.push_back(study.trial(id));
    std::map<TrialId, std::vector<Metric>> metrics;
    for (const auto& [id, trial] : study.run(*executor, all)) metrics[id] = trial.metrics;
    EXPECT_EQ(metrics.size(), 12U) << name;
    return metrics;
  };
  const auto here = results("inline", 0);
  EXPECT_EQ(results("1", 1), here);
  EXPECT_EQ(results("2", 2), here);
  EXPECT_EQ(results("4", 4), here);
}

TEST_F(Workers, an_idle_worker_starts_a_submitted_trial_at_once) {
  open({.trainer = "", .workers = "", .more = ""});
  study_->run(*executor_, trials(4));  // both are up
  std::this_thread::sleep_for(milliseconds(100));
  const auto start = Clock::now();
  take(study_->store().enqueue(study_->coordinator(), std::vector{study_->trial(9)}));
  take(executor_->submit(study_->trial(9)));
  OpenStudy::drain(*executor_, 1);
  // A worker that polled would need its whole period of 1 s; generous for a machine under load.
  EXPECT_LT(seconds_since(start), 0.7);
}

TEST_F(Workers, a_verdict_stops_a_training) {
  open({.trainer = "", .workers = "", .more = "[scheduler]\ntype = \"median\""},
       [](TrialId id, std::span<const Report> reports) {
         return id == 1 && reports.size() == 2 ? Verdict::stop : Verdict::proceed;
       });
  const auto finished = study_->run(*executor_, trials(3));
  EXPECT_EQ(finished.at(0).state, TrialState::completed) << finished.at(0).message;
  EXPECT_EQ(finished.at(1).state, TrialState::pruned) << finished.at(1).message;
  EXPECT_EQ(finished.at(1).budget_spent, 2);
}

// Both as in a resumed study, whose queue is older than its search.
TEST_F(Workers, a_trial_finished_before_it_was_submitted_is_handed_out_on_submission) {
  open({.trainer = "", .workers = "", .more = ""});
  take(study_->store().enqueue(study_->coordinator(), trials(1)));
  take(executor_->submit(study_->trial(99)));  // wakes the workers
  const auto finished = [&] { return take(study_->store().trial(study_->coordinator().study, 0))->finished(); };
  for (int i = 0; i < 1000 && !finished(); ++i) EXPECT_TRUE(take(executor_->next(milliseconds(10))).empty());
  ASSERT_TRUE(finished());
  EXPECT_TRUE(take(executor_->next(milliseconds(10))).empty());
  take(executor_->submit(study_->trial(0)));
  EXPECT_EQ(OpenStudy::drain(*executor_, 1).count(0), 1U);
}

TEST_F(Workers, a_verdict_waits_for_the_submission) {
  int asked = 0;
  open({.trainer = "", .workers = "", .more = "[scheduler]\ntype = \"median\""}, [&](TrialId, std::span<const Report>) {
    ++asked;
    return Verdict::proceed;
  });
  take(study_->store().enqueue(study_->coordinator(), trials(1)));
  take(executor_->submit(study_->trial(99)));
  ASSERT_GT(pid_of_a_busy_worker(), 0);
  take(executor_->next(milliseconds(200)));
  EXPECT_EQ(asked, 0);
  take(executor_->submit(study_->trial(0)));
  EXPECT_EQ(OpenStudy::drain(*executor_, 1).count(0), 1U);
  EXPECT_EQ(asked, 4);
}

TEST_F(Workers, a_crash_costs_its_trial_after_the_retries_and_keeps_the_last_words) {
  open({.trainer = "mood = \"crash\"", .workers = "retries = 1", .more = ""});
  const Trial trial = run_one();
  EXPECT_EQ(trial.state, TrialState::failed);
  EXPECT_EQ(trial.reason, FailureReason::crashed);
  EXPECT_EQ(
      trial.message,
      "its worker ended by SIGSEGV (Segmentation fault); last output: about to touch what is not there (attempt 2)");
  EXPECT_EQ(attempts(0).size(), 2U);
}

TEST_F(Workers, a_crash_that_passes_is_forgiven) {
  open({.trainer = "mood = \"abort\"\nonly_once = \"mark\"", .workers = "retries = 1", .more = ""});
  const Trial trial = run_one();
  EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  ASSERT_EQ(attempts(0).size(), 2U);
  EXPECT_EQ(attempts(0)[0].reason, FailureReason::crashed);
  EXPECT_NE(attempts(0)[0].message.find("SIGABRT"), std::string::npos) << attempts(0)[0].message;
}

TEST_F(Workers, a_plugin_that_leaves_the_process_is_a_crash) {
  open({.trainer = "mood = \"exit\"", .workers = "retries = 0", .more = ""});
  const Trial trial = run_one();
  EXPECT_EQ(trial.reason, FailureReason::crashed);
  EXPECT_EQ(trial.message, "its worker ended by exit status 7");
}

TEST_F(Workers, a_trial_over_its_time_is_ended_and_not_retried) {
  open({.trainer = "mood = \"hang\"", .workers = "trial_seconds_max = \"300ms\"\nretries = 3", .more = ""});
  const Trial trial = run_one();
  EXPECT_EQ(trial.reason, FailureReason::timed_out);
  EXPECT_EQ(trial.message, "ran longer than workers.trial_seconds_max = 0.3 s");
  EXPECT_EQ(attempts(0).size(), 1U);
}

TEST_F(Workers, a_plugin_that_does_not_listen_is_killed) {
  open({.trainer = "mood = \"stubborn\"", .workers = "trial_seconds_max = \"300ms\"\nretries = 0", .more = ""});
  const auto start = Clock::now();
  EXPECT_EQ(run_one().reason, FailureReason::timed_out);
  EXPECT_LT(seconds_since(start), 30);
}

TEST_F(Workers, a_trial_over_its_memory_is_ended) {
  open({.trainer = "mood = \"eat_memory\"", .workers = "memory_bytes_max = \"300MiB\"\nretries = 3", .more = ""});
  const Trial trial = run_one();
  EXPECT_EQ(trial.reason, FailureReason::out_of_memory);
  EXPECT_NE(trial.message.find("workers.memory_bytes_max is 314572800"), std::string::npos) << trial.message;
  EXPECT_EQ(attempts(0).size(), 1U);
}

TEST_F(Workers, a_stopped_process_is_lost_and_its_trial_done_by_another) {
  study_ = std::make_unique<OpenStudy>(folder_.root(),
                                       StudyText{.trainer = "epoch_ms = 300", .workers = "retries = 1", .more = ""});
  WorkersSetup setup = study_->workers_setup();
  setup.lease_seconds = 2;
  executor_ = workers_executor(study_->store(), study_->coordinator(), setup);
  take(executor_->start());
  take(study_->store().enqueue(study_->coordinator(), trials(1)));
  take(executor_->submit(study_->trial(0)));
  const pid_t pid = pid_of_a_busy_worker();
  ASSERT_GT(pid, 0);
  kill(pid, SIGSTOP);
  const auto finished = OpenStudy::drain(*executor_, 1);
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished.at(0).state, TrialState::completed) << finished.at(0).message;
  EXPECT_EQ(attempts(0).at(0).reason, FailureReason::lost);
}

TEST_F(Workers, a_clock_that_is_set_while_trials_run_ends_none_of_them) {
  for (const double hours : {1000.0, -1000.0}) {
    TemporaryFolder folder;
    OpenStudy study(folder.root(), {.trainer = "epoch_ms = 1000", .workers = "", .more = ""});
    WorkersSetup setup = study.workers_setup();
    setup.lease_seconds = 2;
    const auto executor = workers_executor(study.store(), study.coordinator(), setup);
    take(executor->start());
    const std::vector<Trial> both{study.trial(0), study.trial(1)};
    take(study.store().enqueue(study.coordinator(), both));
    for (const Trial& trial : both) take(executor->submit(trial));
    while (take(study.store().open_leases(study.coordinator().study)).size() < 2) take(executor->next(milliseconds(5)));
    store::clock_ahead_seconds = hours * 3600;
    const auto finished = OpenStudy::drain(*executor, 2);
    EXPECT_EQ(finished.size(), 2U);
    for (const auto& [id, trial] : finished) {
      EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
      EXPECT_EQ(trial.attempts, 1U) << "at " << hours << " hours";
    }
    store::clock_ahead_seconds = 0;
  }
}

TEST(Silence, is_an_end_that_stands_still_whatever_the_time_of_day) {
  const auto seconds = [](double s) { return Silence::Clock::time_point() + std::chrono::milliseconds(static_cast<int>(1000 * s)); };
  const auto lease = [](TrialId trial, double expires_at) {
    LeaseRecord record;
    record.lease = {1, trial, 1};
    record.expires_at = expires_at;
    return record;
  };
  const auto trials = [](const std::vector<LeaseRecord>& records) {
    std::vector<TrialId> all;
    for (const LeaseRecord& record : records) all.push_back(record.lease.trial);
    return all;
  };
  Silence silence(30);
  EXPECT_EQ(trials(silence.longer_than_a_lease({lease(0, 130), lease(1, 130)}, seconds(0))), std::vector<TrialId>{});
  // Trial 1 gives a sign of life, by a clock that was set back.
  EXPECT_EQ(trials(silence.longer_than_a_lease({lease(0, 130), lease(1, 40)}, seconds(20))), std::vector<TrialId>{});
  EXPECT_EQ(trials(silence.longer_than_a_lease({lease(0, 130), lease(1, 40)}, seconds(30))), std::vector<TrialId>{0});
  EXPECT_EQ(trials(silence.longer_than_a_lease({lease(1, 40)}, seconds(49.9))), std::vector<TrialId>{});
  EXPECT_EQ(trials(silence.longer_than_a_lease({lease(0, 130), lease(1, 40)}, seconds(50))), std::vector<TrialId>{1})
      << "trial 0 was leased again";
}

TEST_F(Workers, a_killed_worker_s_trial_continues_from_its_checkpoint) {
  open({.trainer = "epoch_ms = 200", .workers = "retries = 1", .more = ""});
  take(study_->store().enqueue(study_->coordinator(), trials(2)));
  for (const Trial& trial : trials(2)) take(executor_->submit(trial));
  const pid_t pid = pid_of_a_busy_worker();
  ASSERT_GT(pid, 0);
  kill(pid, SIGKILL);
  const auto finished = OpenStudy::drain(*executor_, 2);
  ASSERT_EQ(finished.size(), 2U);
  // The same trials by an undisturbed study.
  TemporaryFolder folder;
  OpenStudy study(folder.root(), {.trainer = "", .workers = "", .more = ""});
  const auto runner = take(component_runner(study.catalog(), study.study(), study.artifacts()));
  const auto executor = inline_executor(study.store(), study.coordinator(), *runner, 4);
  for (const auto& [id, trial] : study.run(*executor, trials(2))) {
    EXPECT_EQ(finished.at(id).metrics, trial.metrics);
    EXPECT_EQ(take(study_->store().reports(study_->coordinator().study, id)).size(), 4U);
  }
}

TEST_F(Workers, cancelled_trials_go_back_to_the_queue_and_a_later_run_finishes_them) {
  open({.trainer = "epoch_ms = 100", .workers = "", .more = ""});
  take(study_->store().enqueue(study_->coordinator(), trials(2)));
  for (const Trial& trial : trials(2)) take(executor_->submit(trial));
  ASSERT_GT(pid_of_a_busy_worker(), 0);
  const auto start = Clock::now();
  executor_->stop(StopMode::cancel);
  EXPECT_LT(seconds_since(start), 10);
  for (const Trial& trial : take(study_->store().trials(study_->coordinator().study))) {
    EXPECT_EQ(trial.state, TrialState::queued);
  }
  executor_ = study_->workers();
  take(executor_->start());
  for (const Trial& trial : trials(2)) take(executor_->submit(trial));
  const auto finished = OpenStudy::drain(*executor_, 2);
  for (const auto& [id, trial] : finished) EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  EXPECT_EQ(finished.size(), 2U);
}

TEST_F(Workers, may_be_for_trials_of_one_role) {
  study_ = std::make_unique<OpenStudy>(folder_.root(), StudyText{.trainer = "", .workers = "", .more = ""});
  WorkersSetup setup = study_->workers_setup();
  setup.role = TrialRole::final;
  executor_ = workers_executor(study_->store(), study_->coordinator(), setup);
  take(executor_->start());
  std::vector<Trial> both = trials(2);
  both[1].role = TrialRole::final;
  take(study_->store().enqueue(study_->coordinator(), both));
  take(executor_->submit(both[1]));
  EXPECT_EQ(OpenStudy::drain(*executor_, 1).at(1).state, TrialState::completed);
  executor_->stop(StopMode::finish_running);
  EXPECT_EQ(take(study_->store().trial(study_->coordinator().study, 0))->state, TrialState::queued);
}

TEST_F(Workers, finish_running_lets_trials_end) {
  open({.trainer = "epoch_ms = 50", .workers = "", .more = ""});
  take(study_->store().enqueue(study_->coordinator(), trials(1)));
  take(executor_->submit(study_->trial(0)));
  ASSERT_GT(pid_of_a_busy_worker(), 0);
  executor_->stop(StopMode::finish_running);
  const auto finished = take(executor_->next(milliseconds(100)));
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].state, TrialState::completed);
}

TEST_F(Workers, that_cannot_start_end_the_study_with_their_message) {
  open({.trainer = "refuse = true", .workers = "", .more = ""});
  Error error;
  study_->run(*executor_, trials(1), &error);
  EXPECT_NE(error.message.find("workers cannot start (exit status 4)"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("error worker=stopping error=\""), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("told to refuse"), std::string::npos) << error.message;
}

TEST_F(Workers, a_missing_program_is_named) {
  study_ = std::make_unique<OpenStudy>(folder_.root(), StudyText{});
  WorkersSetup setup = study_->workers_setup();
  setup.worker_program = "/nowhere/nascent-worker";
  const auto executor = workers_executor(study_->store(), study_->coordinator(), setup);
  const auto started = executor->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "/nowhere/nascent-worker: the worker did not start: No such file or directory");
}

TEST_F(Workers, open_the_test_split_once_in_a_process_of_its_own) {
  open({.trainer = "", .workers = "", .more = "[dataset]\ntype = \"rows\"\n[[evaluator]]\ntype = \"mean\""});
  EXPECT_EQ(run_one().state, TrialState::completed);
  const auto metrics = take(executor_->evaluate_test(0));
  EXPECT_EQ(metrics, (std::vector<Metric>{{"test_mean", 101.5}}));
  EXPECT_EQ(take(executor_->evaluate_test(0)), metrics);
  EXPECT_EQ(take(study_->store().test_openings(study_->coordinator().study)).size(), 1U);
}

TEST_F(Workers, are_shown_while_they_run) {
  open({.trainer = "epoch_ms = 100", .workers = "", .more = ""});
  take(study_->store().enqueue(study_->coordinator(), trials(1)));
  take(executor_->submit(study_->trial(0)));
  ASSERT_GT(pid_of_a_busy_worker(), 0);
  const auto running = executor_->running();
  ASSERT_EQ(running.size(), 1U);
  EXPECT_EQ(running[0].id, 0U);
  EXPECT_GE(running[0].budget_spent, 1);
  EXPECT_EQ(running[0].metrics.at(0).name, "val_loss");
}

}  // namespace
}  // namespace nascent::core::test
