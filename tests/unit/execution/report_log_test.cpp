#include "execution/report_log.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "study_fixture.hpp"

namespace nascent::core {
namespace {

struct Recorder final : TrialSession {
  Result<Verdict> report(const Report& r) override {
    asked.push_back(r.budget);
    return r.budget == pauses_at ? Verdict::pause : Verdict::proceed;
  }
  Result<void> repeat(const Report& r) override {
    repeated.push_back(r.budget);
    return {};
  }
  [[nodiscard]] bool cancelled() const override { return false; }
  std::vector<double> asked, repeated;
  double pauses_at = -1;
};

Report at(double budget) { return {budget, {{"val_loss", budget / 10}}}; }

class ReportLog : public testing::Test {
 protected:
  // The first attempt of a trial, up to `epochs`.
  void first_attempt(int epochs) {
    Recorder recorder;
    LoggedSession session(recorder, file_, LoggedSession::Start::anew);
    for (int epoch = 1; epoch <= epochs; ++epoch) ASSERT_TRUE(session.report(at(epoch)));
  }
  test::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.root() / "reports.jsonl";
};

TEST_F(ReportLog, what_stands_before_the_first_new_report_is_repeated) {
  first_attempt(4);
  Recorder recorder;
  LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
  ASSERT_TRUE(session.report(at(3)));  // the checkpoint stood at 2: reports 3 and 4 were lost with their attempt
  EXPECT_EQ(recorder.repeated, (std::vector<double>{1, 2}));
  EXPECT_EQ(recorder.asked, (std::vector<double>{3}));
}

TEST_F(ReportLog, a_third_attempt_has_the_whole_curve) {
  first_attempt(4);
  {
    Recorder recorder;
    LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
    ASSERT_TRUE(session.report(at(3)));
  }
  Recorder recorder;
  LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
  ASSERT_TRUE(session.report(at(4)));
  EXPECT_EQ(recorder.repeated, (std::vector<double>{1, 2, 3}));
}

TEST_F(ReportLog, a_training_with_nothing_left_to_do_keeps_its_curve) {
  first_attempt(2);
  Recorder recorder;
  LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
  const auto rest = session.repeat_rest();
  ASSERT_TRUE(rest);
  EXPECT_EQ(recorder.repeated, (std::vector<double>{1, 2}));
  EXPECT_EQ(rest->back().metrics, at(2).metrics);
}

TEST_F(ReportLog, a_line_that_a_kill_cut_short_is_dropped) {
  first_attempt(2);
  std::ofstream(file_, std::ios::app) << R"({"budget":3,"metr)";
  Recorder recorder;
  {
    LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
    ASSERT_TRUE(session.report(at(3)));
  }
  EXPECT_EQ(recorder.repeated, (std::vector<double>{1, 2}));
  Recorder third;
  LoggedSession session(third, file_, LoggedSession::Start::resumes);
  ASSERT_TRUE(session.report(at(4)));
  EXPECT_EQ(third.repeated, (std::vector<double>{1, 2, 3}));
}

TEST_F(ReportLog, an_attempt_that_was_told_to_end_ends_there_when_it_is_taken_up) {
  Recorder killed;
  killed.pauses_at = 3;
  {
    LoggedSession session(killed, file_, LoggedSession::Start::anew);
    for (const double epoch : {1, 2, 3}) ASSERT_TRUE(session.report(at(epoch)));
  }
  Recorder recorder;
  LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
  const auto end = session.repeat_to_end(1);  // it was paused and promoted at 1 before
  ASSERT_TRUE(end);
  ASSERT_TRUE(*end);
  EXPECT_EQ((*end)->report.budget, 3);
  EXPECT_EQ((*end)->verdict, Verdict::pause);
  EXPECT_EQ(recorder.repeated, (std::vector<double>{1, 2}));
  EXPECT_EQ(recorder.asked, (std::vector<double>{3}));
}

TEST_F(ReportLog, a_promoted_trial_goes_on_beyond_its_pause) {
  Recorder killed;
  killed.pauses_at = 3;
  {
    LoggedSession session(killed, file_, LoggedSession::Start::anew);
    for (const double epoch : {1, 2, 3}) ASSERT_TRUE(session.report(at(epoch)));
  }
  Recorder recorder;
  LoggedSession session(recorder, file_, LoggedSession::Start::resumes);
  const auto end = session.repeat_to_end(3);
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
  ASSERT_TRUE(session.report(at(4)));
  EXPECT_EQ(recorder.repeated, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(recorder.asked, (std::vector<double>{4}));
}

}  // namespace
}  // namespace nascent::core
