// Trials in this process, with real components.
#include <gtest/gtest.h>

#include <fstream>

#include "study_fixture.hpp"

namespace nascent::core::test {
namespace {

class Inline : public testing::Test {
 protected:
  void open(const StudyText& text, DecideVerdict decide = {}) {
    study_ = std::make_unique<OpenStudy>(folder_.root(), text);
    const fs::path artifacts = text.store == ":memory:" ? fs::path() : study_->artifacts();
    runner_ = take(component_runner(study_->catalog(), study_->study(), artifacts));
    executor_ = inline_executor(study_->store(), study_->coordinator(), *runner_, 16, std::move(decide));
    take(executor_->start());
  }
  Trial run_one() {
    auto finished = study_->run(*executor_, {study_->trial(0)});
    return finished.at(0);
  }
  TemporaryFolder folder_;
  std::unique_ptr<OpenStudy> study_;
  std::unique_ptr<TrialRunner> runner_;
  std::unique_ptr<Executor> executor_;
};

constexpr const char* kDistance = "[[evaluator]]\ntype = \"distance\"";

TEST_F(Inline, a_study_without_training_writes_each_trial_once) {
  open({.trainer = "none", .workers = "", .more = kDistance, .objective = "distance", .store = ":memory:"});
  EXPECT_FALSE(executor_->needs_queued_rows());
  std::vector<Trial> trials;
  for (TrialId id = 0; id < 40; ++id) trials.push_back(study_->trial(id));
  const auto finished = study_->run(*executor_, trials);
  ASSERT_EQ(finished.size(), 40U);
  const Trial stored = *take(study_->store().trial(study_->coordinator().study, 6));
  EXPECT_EQ(stored.state, TrialState::completed);
  EXPECT_NEAR(metric(stored, "distance"), 0.01, 1e-12);
}

TEST_F(Inline, a_searched_option_of_an_evaluator_reaches_it) {
  open({.trainer = "none",
        .workers = "",
        .more = "[[evaluator]]\ntype = \"distance\"\nshift = { uniform = [0.0, 9.0] }",
        .objective = "distance",
        .store = ":memory:"});
  const auto finished = study_->run(*executor_, {study_->trial(6, 0), study_->trial(7, 5)});
  EXPECT_NEAR(metric(finished.at(6), "distance"), 0.01, 1e-12);
  EXPECT_NEAR(metric(finished.at(7), "distance"), 5.0125, 1e-12);
}

TEST_F(Inline, a_training_leaves_reports_metrics_and_a_model) {
  open({.trainer = "", .workers = "", .more = kDistance});
  EXPECT_TRUE(executor_->needs_queued_rows());
  const Trial trial = run_one();
  EXPECT_EQ(trial.state, TrialState::completed);
  EXPECT_EQ(trial.budget_spent, 4);
  EXPECT_EQ(trial.artifact_dir, "trial-0");
  EXPECT_NEAR(metric(trial, "distance"), 0.1, 1e-12);
  const auto reports = take(study_->store().reports(study_->coordinator().study, 0));
  ASSERT_EQ(reports.size(), 4U);
  EXPECT_EQ(reports[3].report.metrics[0].value, metric(trial, "val_loss"));
  EXPECT_TRUE(fs::exists(model_path(study_->artifacts(), 0)));
  EXPECT_FALSE(fs::exists(study_->artifacts() / "trial-0" / "checkpoint"));
}

struct Mood {
  const char* name;
  TrialState state;
  FailureReason reason;
  const char* message;
};

class Moods : public Inline, public testing::WithParamInterface<Mood> {};

TEST_P(Moods, become_outcomes) {
  open({.trainer = fmt::format("mood = \"{}\"", GetParam().name), .workers = "", .more = ""});
  const Trial trial = run_one();
  EXPECT_EQ(trial.state, GetParam().state) << trial.message;
  EXPECT_EQ(trial.reason, GetParam().reason) << trial.message;
  EXPECT_NE(trial.message.find(GetParam().message), std::string::npos) << trial.message;
  EXPECT_EQ(trial.message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    All, Moods,
    testing::Values(Mood{"good", TrialState::completed, FailureReason::none, ""},
                    Mood{"nan", TrialState::failed, FailureReason::diverged, "val_loss is nan at budget 1"},
                    Mood{"diverged", TrialState::failed, FailureReason::diverged, "loss is NaN at step 3"},
                    Mood{"no_memory", TrialState::failed, FailureReason::out_of_memory, "out of memory"},
                    Mood{"throw", TrialState::failed, FailureReason::error, "a defect"},
                    Mood{"invalid", TrialState::invalid, FailureReason::none, "cannot train that"},
                    Mood{"bad_name", TrialState::failed, FailureReason::error, "metric \"Val Loss\" of a report"},
                    Mood{"silent", TrialState::failed, FailureReason::error,
                         "nothing measured the objective \"val_loss\""}),
    [](const auto& mood) { return std::string(mood.param.name); });

TEST_F(Inline, a_scheduler_s_stop_prunes_the_trial) {
  std::vector<std::size_t> seen;
  open({.trainer = "", .workers = "", .more = ""}, [&](TrialId, std::span<const Report> reports) {
    seen.push_back(reports.size());
    return reports.size() == 2 ? Verdict::stop : Verdict::proceed;
  });
  const Trial trial = run_one();
  EXPECT_EQ(trial.state, TrialState::pruned);
  EXPECT_EQ(trial.budget_spent, 2);
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 2}));
  const auto reports = take(study_->store().reports(study_->coordinator().study, 0));
  EXPECT_EQ(reports[1].verdict, Verdict::stop);
}

TEST_F(Inline, a_continued_training_is_the_undisturbed_one) {
  open({.trainer = "", .workers = "", .more = ""});
  const Trial undisturbed = run_one();
  // The same trial, interrupted by a failing store at epoch 3 and run again as a second attempt.
  struct Breaking final : TrialSession {
    Result<Verdict> report(const Report& r) override {
      if (r.budget == 3 && breaks) return fail(ErrorKind::store, "gone");
      budgets.push_back(r.budget);
      return Verdict::proceed;
    }
    Result<void> repeat(const Report& r) override {
      budgets.push_back(-r.budget);
      return {};
    }
    [[nodiscard]] bool cancelled() const override { return false; }
    bool breaks = true;
    std::vector<double> budgets;
  } session;
  Trial again = study_->trial(1);
  again.configuration = undisturbed.configuration;
  again.seed = undisturbed.seed;
  again.attempts = 1;
  EXPECT_FALSE(runner_->run(again, session));
  session.breaks = false;
  again.attempts = 2;
  ASSERT_TRUE(runner_->run(again, session));
  EXPECT_EQ(again.metrics, undisturbed.metrics);
  EXPECT_EQ(session.budgets, (std::vector<double>{1, 2, -1, -2, 3, 4}));
}

TEST_F(Inline, an_unreadable_checkpoint_costs_the_work_and_not_the_trial) {
  open({.trainer = "", .workers = "", .more = ""});
  const Trial undisturbed = run_one();
  fs::create_directories(study_->artifacts() / "trial-1" / "checkpoint");
  std::ofstream(study_->artifacts() / "trial-1" / "checkpoint" / "state") << "torn";
  struct Quiet final : TrialSession {
    Result<Verdict> report(const Report&) override { return Verdict::proceed; }
    Result<void> repeat(const Report&) override { return {}; }
    [[nodiscard]] bool cancelled() const override { return false; }
  } session;
  Trial again = study_->trial(1);
  again.configuration = undisturbed.configuration;
  again.seed = undisturbed.seed;
  again.attempts = 2;
  ASSERT_TRUE(runner_->run(again, session));
  EXPECT_EQ(again.metrics, undisturbed.metrics);
}

TEST_F(Inline, evaluators_on_data_see_the_held_out_rows_and_the_test_split_only_when_asked) {
  open({.trainer = "", .workers = "", .more = "[dataset]\ntype = \"rows\"\n[[evaluator]]\ntype = \"mean\""});
  const Trial trial = run_one();
  EXPECT_LT(metric(trial, "val_mean"), 8);
  EXPECT_NE(trial.details_json.find("\"splits_and_rows\":[1,"), std::string::npos) << trial.details_json;
  EXPECT_TRUE(take(study_->store().test_openings(study_->coordinator().study)).empty());

  const auto metrics = take(executor_->evaluate_test(0));
  EXPECT_EQ(metrics, (std::vector<Metric>{{"test_mean", 101.5}}));
  EXPECT_EQ(take(executor_->evaluate_test(0)), metrics);
  EXPECT_EQ(take(study_->store().test_openings(study_->coordinator().study)).size(), 1U);
}

TEST_F(Inline, an_evaluator_that_needs_any_rows_as_input_is_given_some) {
  open({.trainer = "", .workers = "", .more = "[dataset]\ntype = \"rows\"\n[[evaluator]]\ntype = \"width\""});
  EXPECT_EQ(run_one().metrics.back(), (Metric{"width", 2})) << "without the prefix of a split";
}

TEST_F(Inline, a_study_whose_first_trials_fail_alike_stops) {
  open({.trainer = "mood = \"throw\"", .workers = "", .more = ""});
  std::vector<Trial> trials;
  for (TrialId id = 0; id < 8; ++id) trials.push_back(study_->trial(id));
  EXPECT_EQ(study_->run(*executor_, trials).size(), 8U);
  const auto after = executor_->next(std::chrono::milliseconds(0));
  ASSERT_FALSE(after);
  EXPECT_NE(after.error().message.find("the first 5 trials all failed alike (error)"), std::string::npos)
      << after.error().message;
}

TEST_F(Inline, nothing_starts_after_a_stop) {
  open({.trainer = "", .workers = "", .more = ""});
  executor_->stop(StopMode::cancel);
  take(study_->store().enqueue(study_->coordinator(), std::vector{study_->trial(0)}));
  take(executor_->submit(study_->trial(0)));
  EXPECT_TRUE(take(executor_->next(std::chrono::milliseconds(10))).empty());
  EXPECT_EQ(executor_->capacity(), 0U);
}

}  // namespace
}  // namespace nascent::core::test
