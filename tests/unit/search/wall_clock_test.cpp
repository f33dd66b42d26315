// How long a study has run, by a clock that the test moves.
#include "wall_clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "store/clock.hpp"

namespace nascent::core::search {
namespace {

constexpr double kSlack = 0.5;  // what this test itself may take

class WallClocks : public ::testing::Test {
 protected:
  WallClocks() {
    StudyRecord record;
    record.name = "s";
    study_ = *store_->create_study(record);
    coordinator_ = *store_->acquire_coordinator(study_);
  }
  ~WallClocks() override { store::clock_ahead_seconds = 0; }

  static void at(double seconds) { store::clock_ahead_seconds = seconds; }
  void finish_a_trial() {
    Trial trial;
    trial.id = next_++;
    trial.state = TrialState::invalid;
    EXPECT_TRUE(store_->record_finished(coordinator_, std::span(&trial, 1)));
  }
  // Of a run that begins now, at its beginning.
  double seconds_of_earlier_runs() {
    EXPECT_TRUE(clock_.emplace().start(*store_, study_));
    return clock_->seconds();
  }
  [[nodiscard]] std::ptrdiff_t count(std::string_view kind) { return std::ranges::count(*store_->events(study_), kind, &EventRecord::kind); }

  std::unique_ptr<Store> store_ = *Store::open(":memory:");
  StudyId study_ = 0;
  Coordinator coordinator_;
  TrialId next_ = 0;
  std::optional<WallClock> clock_;
};

TEST_F(WallClocks, a_killed_run_counts_up_to_its_last_row) {
  EXPECT_NEAR(seconds_of_earlier_runs(), 0, kSlack);
  at(7);
  finish_a_trial();
  at(100);  // killed somewhere in between
  EXPECT_NEAR(seconds_of_earlier_runs(), 7, kSlack);
  at(105);
  finish_a_trial();
  at(200);
  EXPECT_NEAR(seconds_of_earlier_runs(), 12, kSlack);
  EXPECT_EQ(count("run_killed"), 2);
  at(300);  // it had stored nothing
  EXPECT_NEAR(seconds_of_earlier_runs(), 12, kSlack);
}

TEST_F(WallClocks, runs_that_nobody_has_noted_as_killed_are_told_apart_by_their_rows) {
  for (const double start : {0.0, 100.0}) {
    at(start);
    EXPECT_TRUE(store_->add_event(study_, "run_started", "{}"));
    at(start + 5);
    finish_a_trial();
  }
  at(200);
  EXPECT_NEAR(seconds_of_earlier_runs(), 10, kSlack);
  EXPECT_EQ(count("run_killed"), 1);
  EXPECT_TRUE(clock_->end(*store_, study_));
  EXPECT_NEAR(seconds_of_earlier_runs(), 10, kSlack);
}

TEST_F(WallClocks, a_clock_that_was_set_back_takes_no_time_away) {
  EXPECT_NEAR(seconds_of_earlier_runs(), 0, kSlack);
  at(7);
  finish_a_trial();
  at(-5000);
  EXPECT_GE(seconds_of_earlier_runs(), 0);
  EXPECT_LT(clock_->seconds(), 7 + kSlack);
}

}  // namespace
}  // namespace nascent::core::search
