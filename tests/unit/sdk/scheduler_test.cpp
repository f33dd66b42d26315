// The scheduler thunks.
#include "nascent/scheduler.hpp"

#include <gtest/gtest.h>

#include "support/config.hpp"
#include "support/observations.hpp"

namespace nascent {
namespace {

class Pausing : public Scheduler {
 public:
  static constexpr About about{"test.pausing", "pausing", "1.0.0", "Pauses"};
  Pausing(const Options&, const SchedulerSetup& setup) : to_(setup.budget.to) {}
  Verdict decide(const Observations& history, const Observations& trial) override {
    return history.size() == 0 ? Verdict::go : trial.size() > 1 ? Verdict::pause : Verdict::stop;
  }
  std::vector<Promotion> poll(const Observations&) override { return {{3, to_}, {4, to_}, {5, to_}}; }

 private:
  double to_;
};

class SchedulerThunks : public testing::Test {
 protected:
  void SetUp() override {
    const nas_scheduler_arg arg{sizeof arg, 1, 2, 0, {NAS_UNIT_EPOCH, 0, 0, 9}, 1};
    ASSERT_EQ(vt_.create(nullptr, nullptr, &arg, &self_, &error_), NAS_OK);
  }
  void TearDown() override { vt_.destroy(self_); }
  const nas_scheduler_vt& vt_ = SchedulerKind::table<Pausing>;
  void* self_ = nullptr;
  nas_error error_{};
};

TEST_F(SchedulerThunks, a_verdict_names_the_trial_and_its_newest_budget) {
  test::History history, trial;
  history.report(1, TrialState::completed, 1, {1});
  trial.report(7, TrialState::pending, 1, {1}).report(7, TrialState::pending, 2, {1});
  nas_verdict verdict{};
  ASSERT_EQ(vt_.decide(self_, history.get(), trial.get(), &verdict, &error_), NAS_OK);
  EXPECT_EQ(verdict.trial_id, 7U);
  EXPECT_EQ(verdict.verdict, NAS_PAUSE);
  EXPECT_EQ(verdict.budget, 2);
  ASSERT_EQ(vt_.decide(self_, nullptr, trial.get(), &verdict, &error_), NAS_OK);
  EXPECT_EQ(verdict.verdict, NAS_GO);
}

TEST_F(SchedulerThunks, a_trial_without_reports_is_refused) {
  test::History history, nothing;
  nas_verdict verdict{};
  EXPECT_EQ(vt_.decide(self_, history.get(), nothing.get(), &verdict, &error_), NAS_E_INVALID);
  EXPECT_STREQ(error_.message, "decide needs at least one report of the trial");
}

TEST_F(SchedulerThunks, poll_fills_at_most_its_capacity) {
  nas_verdict verdicts[2]{};
  std::size_t n = 0;
  ASSERT_EQ(vt_.poll(self_, nullptr, verdicts, 2, &n, &error_), NAS_OK);
  EXPECT_EQ(n, 2U);
  EXPECT_EQ(verdicts[1].trial_id, 4U);
  EXPECT_EQ(verdicts[1].verdict, NAS_PROMOTE);
  EXPECT_EQ(verdicts[1].budget, 9);
}

}  // namespace
}  // namespace nascent
