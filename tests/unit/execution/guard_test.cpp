// What plugins may send, and the watch over a study's first trials.
#include <gtest/gtest.h>

#include <cmath>

#include "execution/first_failures.hpp"
#include "execution/trial_task.hpp"
#include "study_fixture.hpp"

namespace nascent::core {
namespace {

struct Listener final : TrialSession {
  Result<Verdict> report(const Report& r) override {
    got.push_back(r);
    if (broken) return fail(ErrorKind::store, "disk full");
    return verdict;
  }
  Result<void> repeat(const Report&) override { return {}; }
  [[nodiscard]] bool cancelled() const override { return stop; }
  std::vector<Report> got;
  Verdict verdict = Verdict::proceed;
  bool broken = false, stop = false;
};

class Task : public testing::Test {
 protected:
  Task() { task_.begin(listener_, 3, 99, "/tmp/x"); }
  nas_status report(double budget, std::vector<nas_metric> metrics) {
    return task_.raw()->report(task_.raw()->ctx, budget, metrics.data(), metrics.size(), &verdict_);
  }
  static nas_metric number(std::string_view name, double value) { return {{name.data(), name.size()}, value}; }
  Listener listener_;
  TrialTask task_{{"val_loss"}, 0};
  std::uint32_t verdict_ = 77;
};

TEST_F(Task, carries_trial_seed_threads_and_folder) {
  EXPECT_EQ(task_.raw()->trial_id, 3U);
  EXPECT_EQ(task_.raw()->seed, 99U);
  EXPECT_EQ(task_.raw()->threads, 1U);
  EXPECT_EQ(task_.raw()->world_size, 1U);
  EXPECT_EQ(std::string(task_.raw()->artifact_dir.p, task_.raw()->artifact_dir.n), "/tmp/x");
}

TEST_F(Task, passes_reports_on_and_the_verdict_back) {
  EXPECT_EQ(report(1, {number("val_loss", 0.5)}), NAS_OK);
  EXPECT_EQ(verdict_, NAS_GO);
  listener_.verdict = Verdict::stop;
  EXPECT_EQ(report(2, {number("val_loss", 0.4)}), NAS_OK);
  EXPECT_EQ(verdict_, NAS_STOP);
  EXPECT_EQ(task_.newest()->metrics, (std::vector<Metric>{{"val_loss", 0.4}}));
}

TEST_F(Task, a_stop_is_final_and_later_reports_are_not_passed_on) {
  listener_.verdict = Verdict::stop;
  report(1, {number("val_loss", 0.5)});
  EXPECT_EQ(report(2, {number("val_loss", 0.1)}), NAS_OK);
  EXPECT_EQ(verdict_, NAS_STOP);
  EXPECT_EQ(listener_.got.size(), 1U);
}

TEST_F(Task, an_objective_that_is_not_finite_is_divergence) {
  EXPECT_EQ(report(2, {number("val_loss", std::nan(""))}), NAS_E_NUMERIC);
  EXPECT_TRUE(task_.diverged());
  EXPECT_EQ(task_.complaint(), "val_loss is nan at budget 2");
}

TEST_F(Task, another_metric_that_is_not_finite_is_left_out) {
  EXPECT_EQ(report(1, {number("val_loss", 1), number("gradient_norm", INFINITY)}), NAS_OK);
  EXPECT_EQ(listener_.got[0].metrics, (std::vector<Metric>{{"val_loss", 1}}));
}

TEST_F(Task, a_metric_without_a_proper_name_is_refused) {
  EXPECT_EQ(report(1, {number("Val Loss", 1)}), NAS_E_INVALID);
  EXPECT_EQ(task_.complaint(), "metric \"Val Loss\" of a report; names are [a-z][a-z0-9_]*, at most 64 letters");
  EXPECT_EQ(report(-1, {number("val_loss", 1)}), NAS_E_INVALID);
  EXPECT_EQ(report(1, {number(std::string(65, 'a'), 1)}), NAS_E_INVALID);
  EXPECT_TRUE(listener_.got.empty());
}

TEST_F(Task, a_store_that_fails_ends_the_training) {
  listener_.broken = true;
  EXPECT_EQ(report(1, {number("val_loss", 1)}), NAS_E_CANCELLED);
  EXPECT_EQ(task_.session_error()->message, "disk full");
}

TEST_F(Task, asks_the_session_whether_to_stop) {
  EXPECT_EQ(task_.raw()->cancelled(task_.raw()->ctx), 0);
  listener_.stop = true;
  EXPECT_EQ(task_.raw()->cancelled(task_.raw()->ctx), 1);
}

Trial failed(std::string message) {
  Trial trial;
  trial.state = TrialState::failed;
  trial.reason = FailureReason::crashed;
  trial.message = std::move(message);
  return trial;
}

TEST(FirstFailures, five_of_a_kind_stop_the_study) {
  FirstFailures watch;
  for (int i = 0; i < 4; ++i) watch.see(failed("no such file"));
  EXPECT_FALSE(watch.verdict());
  watch.see(failed("no such file"));
  ASSERT_TRUE(watch.verdict());
  EXPECT_EQ(watch.verdict()->message,
            "the first 5 trials all failed alike (crashed): no such file; mend the cause and resume the study");
}

TEST(FirstFailures, one_that_succeeds_or_fails_otherwise_ends_the_watch) {
  FirstFailures watch;
  for (int i = 0; i < 4; ++i) watch.see(failed("a"));
  watch.see(failed("b"));
  for (int i = 0; i < 10; ++i) watch.see(failed("a"));
  EXPECT_FALSE(watch.verdict());
}

Trial refused(std::string message) {
  Trial trial = failed(std::move(message));
  trial.state = TrialState::invalid;
  return trial;
}

TEST(FirstFailures, twenty_refusals_of_a_kind_stop_the_study) {
  FirstFailures watch;
  for (int i = 0; i < 19; ++i) watch.see(refused("there is no CUDA here"));
  EXPECT_FALSE(watch.verdict());
  watch.see(refused("there is no CUDA here"));
  ASSERT_TRUE(watch.verdict());
  EXPECT_EQ(watch.verdict()->message,
            "the first 20 trials were all refused alike: there is no CUDA here; mend the cause and start again");
}

TEST(FirstFailures, refusals_that_differ_or_stand_beside_failures_are_no_reason_to_stop) {
  FirstFailures differ, beside;
  for (int i = 0; i < 30; ++i) differ.see(refused(i == 3 ? "another" : "too deep"));
  beside.see(failed("no such file"));
  for (int i = 0; i < 30; ++i) beside.see(refused("too deep"));
  EXPECT_FALSE(differ.verdict());
  EXPECT_FALSE(beside.verdict());
}

}  // namespace
}  // namespace nascent::core
