// What a worker may take of the machine, and what it costs it: disk, devices, memory over many trials, retries, places to
// write to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "execution/confinement.hpp"
#include "execution/failure_rate.hpp"
#include "study_fixture.hpp"

namespace nascent::core::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Limits : public testing::Test {
 protected:
  std::map<TrialId, Trial> run(const StudyText& text, TrialId n, Error* error = nullptr) {
    study_ = std::make_unique<OpenStudy>(folder_.root(), text);
    executor_ = study_->workers();
    take(executor_->start());
    std::vector<Trial> all;
    for (TrialId id = 0; id < n; ++id) all.push_back(study_->trial(id));
    return study_->run(*executor_, all, error);
  }
  Trial run_one(const StudyText& text) {
    const auto finished = run(text, 1);
    if (finished.empty()) throw std::runtime_error("no trial finished");
    return finished.at(0);
  }
  [[nodiscard]] std::vector<LeaseRecord> attempts(TrialId id) const {
    return take(study_->store().attempts(study_->coordinator().study, id));
  }
  static std::size_t n_workers(const std::map<TrialId, Trial>& trials) {
    std::set<std::string> names;
    for (const auto& [id, trial] : trials) names.insert(trial.worker);
    return names.size();
  }
  TemporaryFolder folder_;
  std::unique_ptr<OpenStudy> study_;
  std::unique_ptr<Executor> executor_;
};

TEST_F(Limits, a_trial_that_fills_the_disk_is_ended_and_its_files_go) {
  const Trial trial = run_one({.trainer = "mood = \"fill_disk\"", .workers = "disk_bytes_max = \"10MiB\"", .more = ""});
  EXPECT_EQ(trial.reason, FailureReason::out_of_disk) << trial.message;
  EXPECT_THAT(trial.message, StartsWith("its folder grew to "));
  EXPECT_THAT(trial.message, HasSubstr("workers.disk_bytes_max is 10485760"));
  EXPECT_FALSE(fs::exists(study_->artifacts() / "trial-0"));
  EXPECT_LT(trial.cost_seconds, 6) << "it would write for 8 s";
}

TEST_F(Limits, what_a_trial_leaves_is_measured_at_its_end) {
  const Trial trial = run_one({.trainer = "mood = \"litter\"", .workers = "disk_bytes_max = \"4MiB\"", .more = ""});
  EXPECT_EQ(trial.reason, FailureReason::out_of_disk) << trial.message;
  EXPECT_FALSE(fs::exists(study_->artifacts() / "trial-0"));
  EXPECT_EQ(run_one({.trainer = "mood = \"litter\"", .workers = "disk_bytes_max = \"40MiB\"", .more = "", .store = "other.db"}).state,
            TrialState::completed);
}

TEST_F(Limits, each_worker_s_trials_have_its_device) {
  const auto finished = run({.trainer = "epoch_ms = 30", .workers = "devices = [\"cuda:3\", \"cpu\"]", .more = ""}, 8);
  ASSERT_EQ(finished.size(), 8U);
  for (const auto& [id, trial] : finished) {
    const bool first = trial.worker.starts_with("1@");
    EXPECT_EQ(metric(trial, "device_type"), first ? 2 : 1);
    EXPECT_EQ(metric(trial, "device_id"), first ? 3 : 0);
  }
  EXPECT_EQ(n_workers(finished), 2U);
}

TEST_F(Limits, without_devices_the_trainer_chooses) {
  EXPECT_EQ(metric(run_one({.trainer = "", .workers = "", .more = ""}), "device_type"), 0);
}

TEST_F(Limits, a_trial_has_its_part_of_the_memory) {
  const Trial trial = run_one({.trainer = "mood = \"eat_memory\"", .workers = "memory = \"600MiB\"", .more = ""});
  EXPECT_EQ(trial.reason, FailureReason::out_of_memory) << trial.message;
  EXPECT_THAT(trial.message, HasSubstr("workers.memory = 629145600 is 314572800 for each of 2"));
}

TEST_F(Limits, every_reason_has_its_own_retries) {
  const std::string retries = "retries = { crashed = 0, error = 2, timed_out = 1 }\ntrial_seconds_max = \"300ms\"";
  EXPECT_EQ(run_one({.trainer = "mood = \"crash\"", .workers = retries, .more = ""}).reason, FailureReason::crashed);
  EXPECT_EQ(attempts(0).size(), 1U);
  const Trial refused = run_one({.trainer = "mood = \"throw\"", .workers = retries, .more = "", .store = "error.db"});
  EXPECT_EQ(refused.reason, FailureReason::error);
  EXPECT_EQ(attempts(0).size(), 3U);
  EXPECT_EQ(attempts(0)[0].reason, FailureReason::error);
  EXPECT_EQ(attempts(0)[0].message, refused.message) << "the worker tells the coordinator why";
  EXPECT_EQ(run_one({.trainer = "mood = \"hang\"", .workers = retries, .more = "", .store = "time.db"}).reason, FailureReason::timed_out);
  EXPECT_EQ(attempts(0).size(), 2U);
}

TEST_F(Limits, a_failure_that_passes_is_forgiven_where_the_study_says_so) {
  const Trial trial = run_one({.trainer = "mood = \"no_memory\"\nonly_once = \"mark\"", .workers = "retries = { out_of_memory = 1 }", .more = ""});
  EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  EXPECT_EQ(attempts(0).at(0).reason, FailureReason::out_of_memory);
}

// 12 trials leak 1800 MiB together, of which two workers may have 1400.
TEST_F(Limits, a_worker_that_leaks_is_replaced_before_its_trials_suffer) {
  const auto finished = run({.trainer = "mood = \"leak\"", .workers = "memory_bytes_max = \"700MiB\"\nretries = 0", .more = ""}, 12);
  ASSERT_EQ(finished.size(), 12U);
  for (const auto& [id, trial] : finished) EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  EXPECT_GE(n_workers(finished), 4U);
}

TEST_F(Limits, a_worker_that_keeps_files_open_is_replaced) {
  const auto finished = run({.trainer = "mood = \"leak_files\"", .workers = "", .more = ""}, 12);
  ASSERT_EQ(finished.size(), 12U);
  for (const auto& [id, trial] : finished) EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
  EXPECT_GE(n_workers(finished), 4U);
}

TEST_F(Limits, a_worker_that_keeps_nothing_stays) {
  EXPECT_LE(n_workers(run({.trainer = "", .workers = "", .more = ""}, 24)), 2U);
}

TEST_F(Limits, a_worker_may_be_replaced_after_every_trial) {
  EXPECT_EQ(n_workers(run({.trainer = "", .workers = "recycle_after_trials = 1", .more = ""}, 6)), 6U);
}

TEST_F(Limits, a_plugin_that_closes_the_worker_s_files_costs_its_trial) {
  const Trial trial = run_one({.trainer = "mood = \"close_files\"", .workers = "retries = 0", .more = ""});
  EXPECT_EQ(trial.reason, FailureReason::crashed) << trial.message;
  EXPECT_THAT(trial.message, StartsWith("its worker ended by exit status "));
}

class Confined : public Limits {
 protected:
  void SetUp() override {
    // Meant: what these look at is the kernel's work, and one without Landlock (Linux before 5.13) does none.
    if (const std::string missing = confinement_missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  StudyText writes(const std::string& where, const std::string& workers) {
    return {.trainer = fmt::format("mood = \"write_outside\"\noutside = \"{}\"", where), .workers = workers, .more = ""};
  }
};

TEST_F(Confined, a_plugin_writes_nowhere_but_to_the_study_s_own_files) {
  const fs::path outside = folder_.root() / "outside";
  const Trial trial = run_one(writes(outside.string(), "confine = true"));
  EXPECT_EQ(trial.reason, FailureReason::error);
  EXPECT_EQ(trial.message, fmt::format("trainer \"moody\": {} cannot be written", outside.string()));
  EXPECT_FALSE(fs::exists(outside));
}

TEST_F(Confined, without_confinement_it_does) {
  EXPECT_EQ(run_one(writes((folder_.root() / "outside").string(), "")).state, TrialState::completed);
  EXPECT_TRUE(fs::exists(folder_.root() / "outside"));
}

TEST_F(Confined, a_folder_that_the_study_names_is_writable) {
  fs::create_directory(folder_.root() / "shared");
  const Trial trial = run_one(writes((folder_.root() / "shared/x").string(), "confine = true\nwritable = \"shared\""));
  EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
}

TEST_F(Confined, reports_checkpoints_models_and_the_store_are_written_as_ever) {
  const auto finished = run({.trainer = "", .workers = "confine = true", .more = ""}, 4);
  ASSERT_EQ(finished.size(), 4U);
  for (const auto& [id, trial] : finished) {
    EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
    EXPECT_TRUE(fs::exists(model_path(study_->artifacts(), id)));
    EXPECT_EQ(take(study_->store().reports(study_->coordinator().study, id)).size(), 4U);
  }
}

Trial landed(TrialState state, FailureReason reason = FailureReason::none, std::string message = {}) {
  Trial trial;
  trial.state = state;
  trial.reason = reason;
  trial.message = std::move(message);
  return trial;
}

TEST(FailureRate, wilson_s_bound_is_the_published_one) {
  EXPECT_EQ(wilson_lower_bound(0, 0, 1.96), 0);
  EXPECT_NEAR(wilson_lower_bound(0, 10, 1.96), 0, 1e-12);
  // Newcombe (1998), Statistics in Medicine 17:857, table I: 81 of 263 and 15 of 148, 95 %, method 3.
  EXPECT_NEAR(wilson_lower_bound(81, 263, 1.959964), 0.2553, 5e-5);
  EXPECT_NEAR(wilson_lower_bound(15, 148, 1.959964), 0.0624, 5e-5);
}

TEST(FailureRate, failures_in_a_row_end_a_study_that_had_begun_well) {
  FailureRate rate(0.8);
  for (int i = 0; i < 1000; ++i) rate.see(landed(TrialState::completed));
  int failures = 0;
  while (!rate.verdict() && failures < 1000) rate.see(landed(TrialState::failed, FailureReason::crashed, fmt::format("signal {}", ++failures)));
  EXPECT_EQ(failures, 93);  // of the last 100
  EXPECT_EQ(rate.verdict()->message,
            "93 of the last 100 trials failed, which workers.failure_rate_max = 0.8 takes for a broken set-up: 93 crashed, the last one: "
            "signal 93; mend the cause and resume the study, or go on all the same with --set workers.failure_rate_max=1");
}

TEST(FailureRate, a_run_that_only_fails_ends_after_37_trials) {
  FailureRate rate(0.8);
  for (int i = 0; i < 36; ++i) rate.see(landed(TrialState::failed, i % 3 == 0 ? FailureReason::timed_out : FailureReason::error, "why"));
  EXPECT_FALSE(rate.verdict());
  rate.see(landed(TrialState::failed, FailureReason::error, "because"));
  ASSERT_TRUE(rate.verdict());
  EXPECT_THAT(rate.verdict()->message, HasSubstr("25 error, the last one: because; 12 timed_out, the last one: why;"));
}

TEST(FailureRate, two_of_three_or_trials_that_diverge_or_are_invalid_are_no_broken_set_up) {
  FailureRate rate(0.8);
  for (int i = 0; i < 3000; ++i) {
    rate.see(i % 3 == 0 ? landed(TrialState::completed) : landed(TrialState::failed, FailureReason::out_of_memory, "big"));
    rate.see(landed(TrialState::invalid));
  }
  for (int i = 0; i < 300; ++i) rate.see(landed(TrialState::failed, FailureReason::diverged, "NaN"));
  EXPECT_FALSE(rate.verdict());
}

TEST(FailureRate, one_is_never_reached) {
  FailureRate rate(1);
  for (int i = 0; i < 1000; ++i) rate.see(landed(TrialState::failed, FailureReason::crashed, "again"));
  EXPECT_FALSE(rate.verdict());
}

TEST_F(Limits, a_study_whose_trials_all_fail_stops_and_says_what_most_of_them_met) {
  Error error;
  const auto finished = run({.trainer = "mood = \"exit\"", .workers = "retries = 0\nfailure_rate_max = 0.01", .more = ""}, 30, &error);
  EXPECT_LT(finished.size(), 30U);
  EXPECT_THAT(error.message, HasSubstr("workers.failure_rate_max = 0.01"));
  EXPECT_THAT(error.message, HasSubstr("1 crashed, the last one: its worker ended by exit status 7"));
}

}  // namespace
}  // namespace nascent::core::test
