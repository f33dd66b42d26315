// The scheduler thunks.
#include "nascent/scheduler.hpp"

#include <gtest/gtest.h>

#include "nascent/space_builder.hpp"
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

// Forks trial 3 twice, gives 4 up and promotes 3; counts what it is told of children.
class Breeding : public PopulationScheduler {
 public:
  static constexpr About about{"test.breeding", "breeding", "1.0.0", "Breeds"};
  Breeding(const Options&, const SchedulerSetup& setup) : PopulationScheduler(setup), n_fixed_(setup.n_architecture_params) {}
  Verdict decide(const Observations&, const Observations&) override { return Verdict::pause; }
  std::vector<Promotion> poll(const Observations&) override { return {{3, 9}}; }
  std::vector<std::uint64_t> give_up(const Observations&) override { return {4}; }
  std::vector<std::uint64_t> fork(const Observations&) override { return {3, 3}; }
  std::uint64_t admits(const Observations& history, std::uint64_t n_begun) override {
    std::uint64_t children = 0;
    for (std::size_t i = 0; i < history.size(); ++i) children += history[i].parent() == 3U ? 1 : 0;
    return 10 * children + n_begun;
  }
  void explore(std::uint64_t trial_id, Row row) override { row.x[n_fixed_] += static_cast<double>(trial_id); }

 private:
  std::size_t n_fixed_;
};

class PopulationThunks : public testing::Test {
 protected:
  void SetUp() override {
    SpaceBuilder s;
    s.integer("depth", 1, 3);
    s.real("rate", 0, 100);
    space_ = s.declaration();
    const nas_scheduler_arg arg{sizeof arg, 1, 2, 1, {NAS_UNIT_EPOCH, 0, 0, 9}, 1, space_.view()};
    ASSERT_EQ(vt_.create(nullptr, nullptr, &arg, &self_, &error_), NAS_OK);
    population_ = static_cast<const nas_scheduler_population*>(vt_.extension(self_, NAS_SCHEDULER_POPULATION));
    ASSERT_NE(population_, nullptr);
  }
  void TearDown() override { vt_.destroy(self_); }
  SpaceDeclaration space_;
  const nas_scheduler_vt& vt_ = SchedulerKind::table<Breeding>;
  const nas_scheduler_population* population_ = nullptr;
  void* self_ = nullptr;
  nas_error error_{};
};

TEST_F(PopulationThunks, forks_come_after_those_that_end_and_before_promotions) {
  nas_verdict verdicts[8]{};
  std::size_t n = 0;
  ASSERT_EQ(vt_.poll(self_, nullptr, verdicts, 8, &n, &error_), NAS_OK);
  ASSERT_EQ(n, 4U);
  const std::uint32_t expected[] = {NAS_STOP, NAS_FORK, NAS_FORK, NAS_PROMOTE};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(verdicts[i].verdict, expected[i]) << i;
  EXPECT_EQ(verdicts[1].trial_id, 3U);
}

TEST_F(PopulationThunks, a_history_names_the_parents_of_children) {
  test::History history;
  history.report(3, TrialState::paused, 1, {1}).report(5, TrialState::pending, 1, {1}, 3);
  std::uint64_t n = 0;
  ASSERT_EQ(population_->admits(self_, history.get(), 7, &n, &error_), NAS_OK);
  EXPECT_EQ(n, 17U);
  ASSERT_EQ(population_->admits(self_, nullptr, 7, &n, &error_), NAS_OK);
  EXPECT_EQ(n, 7U);
}

TEST_F(PopulationThunks, explore_starts_from_the_parents_configuration) {
  const double x[] = {2, 0.5};
  const std::uint8_t active[] = {1, 1};
  double out[2]{};
  std::uint8_t out_active[2]{};
  ASSERT_EQ(population_->explore(self_, 4, x, active, out, out_active, &error_), NAS_OK);
  EXPECT_EQ(out[0], 2);
  EXPECT_EQ(out[1], 4.5);
  EXPECT_EQ(out_active[1], 1);
}

TEST_F(SchedulerThunks, offer_no_population_where_there_is_none) {
  EXPECT_EQ(vt_.extension(self_, NAS_SCHEDULER_POPULATION), nullptr);
}

}  // namespace
}  // namespace nascent
