// The loop: determinism, resume, stops, the sampler's guard.
#include "nascent/core/search.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Scripted;
using fakes::ShuffledExecutor;
using fakes::Telltale;
using test::at;
using test::expect_same;
using test::study_config;
using test::StudyInMemory;
using testing::HasSubstr;

TEST(Search, a_deterministic_study_is_the_same_with_any_number_of_workers_in_any_order) {
  for (const std::uint32_t parallel : {1U, 2U, 4U}) {
    StudyInMemory reference(study_config(parallel, 25));
    ASSERT_TRUE(reference.run());
    const auto expected = reference.trials();
    EXPECT_EQ(expected.size(), 25U);
    for (const std::size_t workers : {1U, 2U, 4U}) {
      for (const std::uint64_t order : {1U, 2U, 3U}) {
        StudyInMemory study(study_config(parallel, 25));
        ASSERT_TRUE(study.run({.workers = workers, .order = order}));
        expect_same(expected, study.trials(), fmt::format("parallel {} workers {} order {}", parallel, workers, order));
        EXPECT_EQ(study.executor().most_running(), std::min<std::size_t>(workers, parallel));
      }
    }
  }
}

TEST(Search, what_the_sampler_sees_depends_on_parallel) {
  StudyInMemory one(study_config(1)), two(study_config(2));
  ASSERT_TRUE(one.run());
  ASSERT_TRUE(two.run());
  EXPECT_EQ(one.trials()[0].configuration, two.trials()[0].configuration);
  EXPECT_NE(one.trials()[2].configuration, two.trials()[2].configuration);
}

TEST(Search, resumes_after_every_prefix_to_the_same_trials) {
  for (const auto rows : {ShuffledExecutor::Rows::queued_first, ShuffledExecutor::Rows::finished_only}) {
    StudyInMemory undisturbed(study_config(3, 14));
    ASSERT_TRUE(undisturbed.run({.workers = 3, .rows = rows}));
    for (std::size_t n = 0; n < 14; ++n) {
      for (const bool silent : {false, true}) {
        StudyInMemory study(study_config(3, 14));
        const auto killed =
            study.run({.workers = 2, .order = n + 1, .rows = rows, .dies_after = n, .dies_before_handing_out = silent});
        ASSERT_FALSE(killed);
        EXPECT_EQ(killed.error().message, "killed");
        const auto outcome = study.run({.workers = 3, .order = 9, .rows = rows});
        ASSERT_TRUE(outcome) << outcome.error().message;
        EXPECT_EQ(outcome->reason, "trials=14");
        EXPECT_EQ(outcome->counts.asked, 14U);
        expect_same(undisturbed.trials(), study.trials(), fmt::format("killed after {}", n));
      }
    }
  }
}

TEST(Search, survives_one_kill_per_trial) {
  StudyInMemory undisturbed(study_config(2, 10));
  ASSERT_TRUE(undisturbed.run({.workers = 2}));
  StudyInMemory study(study_config(2, 10));
  int kills = 0;
  while (!study.run({.workers = 2, .order = static_cast<std::uint64_t>(kills), .dies_after = 1})) ASSERT_LT(++kills, 50);
  EXPECT_GE(kills, 9);
  expect_same(undisturbed.trials(), study.trials(), "one trial per run");
}

TEST(Search, resuming_a_finished_study_changes_nothing) {
  StudyInMemory study(study_config(2, 8));
  ASSERT_TRUE(study.run({.workers = 2}));
  const auto before = study.trials();
  const auto again = study.run();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->reason, "trials=8");
  EXPECT_EQ(study.executor().submitted(), 0U);
  expect_same(before, study.trials(), "resumed at its end");
}

TEST(Search, the_row_is_in_the_store_before_the_sampler_is_told) {
  for (const bool deterministic : {true, false}) {
    StudyConfig config = study_config(3, 12);
    config.deterministic = deterministic;
    StudyInMemory study(config);
    int told = 0;
    Telltale::on_tell = [&](const nascent::Observation& o) {
      ++told;
      const auto row = study.store().trial(study.coordinator().study, o.trial_id());
      ASSERT_TRUE(row && *row);
      EXPECT_TRUE((*row)->finished());
    };
    const auto outcome = study.run({.workers = 3});
    Telltale::on_tell = {};
    ASSERT_TRUE(outcome);
    EXPECT_GE(told, 9);
  }
}

TEST(Search, an_asynchronous_study_runs_every_trial_once_and_continues_after_a_kill) {
  StudyConfig config = study_config(4, 30);
  config.deterministic = false;
  StudyInMemory study(config);
  ASSERT_FALSE(study.run({.workers = 4, .order = 5, .dies_after = 11, .dies_before_handing_out = true}));
  const auto outcome = study.run({.workers = 4, .order = 6});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->counts.finished(), 30U);
  const auto trials = study.trials();
  ASSERT_EQ(trials.size(), 30U);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].id, i);
    EXPECT_TRUE(trials[i].finished());
  }
}

TEST(Search, a_wish_to_stop_leaves_a_study_that_can_be_resumed) {
  StudyInMemory undisturbed(study_config(2, 12));
  ASSERT_TRUE(undisturbed.run({.workers = 2}));
  for (const bool cancel : {false, true}) {
    StudyInMemory study(study_config(2, 12));
    StopRequest& stop = study.stop();
    const auto outcome = study.run({.workers = 2, .between = [&](std::size_t finished) {
                                      if (finished >= 5) cancel ? stop.cancel() : stop.finish_running();
                                    }});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_TRUE(outcome->interrupted);
    EXPECT_EQ(outcome->reason, "interrupted");
    EXPECT_LT(outcome->counts.finished(), 12U);
    study.forget_stop();
    ASSERT_TRUE(study.run({.workers = 2}));
    expect_same(undisturbed.trials(), study.trials(), cancel ? "cancelled" : "finished running");
  }
}

TEST(Search, seeds_of_trainings_follow_from_study_and_trial) {
  StudyInMemory study(study_config(1, 3));
  ASSERT_TRUE(study.run());
  const auto trials = study.trials();
  EXPECT_NE(trials[0].seed, trials[1].seed);
  EXPECT_NE(trials[1].seed, trials[2].seed);
  StudyConfig other = study_config(1, 3);
  other.seed = 4;
  StudyInMemory second(other);
  ASSERT_TRUE(second.run());
  EXPECT_NE(second.trials()[0].seed, trials[0].seed);
}

// Stops. --------------------------------------------------------------------------------------------------------------

TEST(Search, stops_at_the_target) {
  StudyConfig config = study_config(1, 0);
  config.stop.trials.reset();
  config.stop.target = 0.5;
  Scripted::script = {at(0.3, 0.8), at(0.3, 0.6), at(0.3, 0.5), at(0.3, 0.1)};
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, "target=0.5 loss=0.5");
  EXPECT_EQ(study.trials().size(), 3U);
}

TEST(Search, stops_when_nothing_improves) {
  StudyConfig config = study_config(1, 100);
  config.stop.no_improvement = 2;
  Scripted::script = {at(0.3, 0.5), at(0.3, 0.6), at(0.3, 0.4), at(0.3, 0.7), at(0.3, 0.4), at(0.3, 0.1)};
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, "no_improvement=2");
  EXPECT_EQ(study.trials().size(), 5U);
  EXPECT_EQ(outcome->incumbent->id, 2U);
}

TEST(Search, stops_after_enough_training) {
  StudyConfig config = study_config(1, 100);
  config.stop.train_seconds = 4;  // a trial of the bowl costs one second
  Scripted::script.assign(10, at(0.3, 0.5));
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, "train_seconds=4");
  EXPECT_EQ(study.trials().size(), 4U);
}

TEST(Search, counts_completed_trials_that_break_a_constraint) {
  StudyConfig config = test::study_config(2, 40);
  config.constraints = {{"size", {}, 0.5}};
  StudyInMemory study(config);
  const auto outcome = study.run();
  ASSERT_TRUE(outcome);
  std::uint64_t infeasible = 0;
  for (const Trial& trial : study.trials()) infeasible += trial.state == TrialState::completed && trial.configuration.x[0] > 0.5 ? 1 : 0;
  EXPECT_GT(infeasible, 0U);
  EXPECT_EQ(outcome->counts.infeasible, infeasible);
  EXPECT_GT(outcome->counts.failed, 0U) << "which is counted on its own";
}

TEST(Search, wall_time_counts_over_runs_and_not_between_them) {
  StudyConfig config = study_config(1, 1000);
  config.stop.wall_seconds = 0.4;
  StudyInMemory study(config);
  const auto slow = [](std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  ASSERT_FALSE(study.run({.dies_after = 10, .between = slow}));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const auto outcome = study.run({.between = slow});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, "wall_time=0.4s");
  EXPECT_GT(study.trials().size(), 10U);
}

// Time is up while trials run.
TEST(Search, wall_time_takes_running_trials_back_and_more_time_goes_on_with_them) {
  for (const bool deterministic : {true, false}) {
    StudyConfig config = study_config(3, 12);
    config.deterministic = deterministic;
    StudyInMemory undisturbed(config);
    ASSERT_TRUE(undisturbed.run({.workers = 3}));

    config.stop.wall_seconds = 0.2;
    StudyInMemory study(config);
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = study.run({.workers = 3, .stalls_after = 5});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    EXPECT_EQ(outcome->reason, "wall_time=0.2s");
    EXPECT_TRUE(outcome->cut);
    EXPECT_FALSE(outcome->interrupted);
    EXPECT_EQ(outcome->counts.finished(), 5U);
    const auto stored = study.trials();
    const auto queued = std::ranges::count(stored, TrialState::queued, &Trial::state);
    EXPECT_EQ(static_cast<std::size_t>(queued), outcome->counts.unfinished());
    EXPECT_GE(queued, 1);

    study.config().stop.wall_seconds = 1000;
    const auto resumed = study.run({.workers = 3});
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_FALSE(resumed->cut);
    EXPECT_EQ(resumed->reason, "trials=12");
    EXPECT_EQ(resumed->counts.completed + resumed->counts.failed, 12U);
    if (deterministic) expect_same(undisturbed.trials(), study.trials(), "cut and resumed");
  }
}

TEST(Search, resuming_without_more_time_counts_what_is_stored_and_starts_nothing) {
  for (const bool deterministic : {true, false}) {
    StudyConfig config = study_config(3, 12);
    config.deterministic = deterministic;
    config.stop.wall_seconds = 0.1;
    StudyInMemory study(config);
    const auto cut = study.run({.workers = 3, .stalls_after = 5});
    ASSERT_TRUE(cut);
    const auto before = study.trials();
    const auto again = study.run({.workers = 3});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->cut);
    EXPECT_EQ(again->reason, "wall_time=0.1s");
    EXPECT_EQ(again->counts.finished(), 5U);
    EXPECT_EQ(again->counts.unfinished(), cut->counts.unfinished());
    EXPECT_FALSE(study.executor().started());
    EXPECT_EQ(study.executor().submitted(), 0U);
    if (deterministic) expect_same(before, study.trials(), "nothing ran");
  }
}

TEST(Search, ends_when_the_sampler_has_nothing_left) {
  for (const bool deterministic : {true, false}) {
    StudyConfig config = study_config(2, 100);
    config.deterministic = deterministic;
    Scripted::script = {at(0.3, 0.5), at(0.3, 0.6), at(0.3, 0.4)};
    StudyInMemory study(config);
    const auto outcome = study.run<Scripted>({.workers = 2});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->reason, "exhausted");
    EXPECT_EQ(outcome->counts.completed, 3U);
    EXPECT_EQ(study.trials().size(), 3U);
  }
}

// Objectives and constraints. -----------------------------------------------------------------------------------------

TEST(Search, the_incumbent_breaks_no_constraint) {
  StudyConfig config = study_config(1, 4);
  config.constraints = {{"size", std::nullopt, 0.35}};
  Scripted::script = {at(0.4, 0.1), at(0.3, 0.5), at(0.36, 0.2), at(0.2, 0.4)};
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->incumbent->id, 3U);
  const auto trials = study.trials();
  EXPECT_FALSE(trials[0].accepted);
  EXPECT_TRUE(trials[1].accepted);
  EXPECT_FALSE(trials[2].accepted);
  EXPECT_TRUE(trials[3].accepted);
}

TEST(Search, objectives_to_maximise_are_told_as_losses) {
  StudyConfig config = study_config(1, 2);
  config.objectives = {{"loss", Direction::maximize}};
  Scripted::script = {at(0.3, 0.5), at(0.3, 0.6)};
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->incumbent->id, 1U);
  std::vector<double> told;
  Telltale::on_tell = [&](const nascent::Observation& o) { told.push_back(o.value()); };
  ASSERT_TRUE(study.run());  // replays the two trials into another sampler
  Telltale::on_tell = {};
  ASSERT_EQ(told.size(), 1U);  // the last trial is nobody's business any more
  EXPECT_DOUBLE_EQ(told[0], -0.5);
}

TEST(Search, several_objectives_give_a_pareto_front) {
  StudyConfig config = study_config(1, 4);
  config.objectives = {{"loss", Direction::minimize}, {"size", Direction::maximize}};
  config.acceptance.rule = AcceptanceRule::pareto;
  Scripted::script = {at(0.3, 0.5), at(0.4, 0.6), at(0.2, 0.7), at(0.5, 0.3)};
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_TRUE(outcome);
  ASSERT_EQ(outcome->pareto_front.size(), 1U);  // loss 0.34, size 0.5 is better than all
  EXPECT_EQ(outcome->pareto_front[0].trial, 3U);
  EXPECT_TRUE(study.trials()[1].accepted);
  EXPECT_FALSE(study.trials()[2].accepted);
}

TEST(Search, an_objective_that_nothing_measures_ends_the_study_with_the_nearest_name) {
  StudyConfig config = study_config(1, 4);
  config.objectives = {{"los", Direction::minimize}};
  Scripted::script.assign(4, at(0.3, 0.5));
  StudyInMemory study(config);
  const auto outcome = study.run<Scripted>();
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("trial 0 measured no metric \"los\" for [objective]"));
  EXPECT_THAT(outcome.error().message, HasSubstr("loss"));
}

TEST(Search, a_loss_that_is_not_finite_counts_as_failed) {
  Scripted::script.assign(2, at(0.3, 0.5));
  StudyInMemory study(study_config(1, 2));
  const auto outcome = study.run<Scripted>({}, [](Trial& trial) {
    trial.metrics = {{"loss", trial.id == 0 ? std::nan("") : 1.0}};
  });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->incumbent->id, 1U);
}

// The sampler's guard. ------------------------------------------------------------------------------------------------

TEST(Search, a_proposal_out_of_bounds_ends_the_study_with_a_clear_message) {
  Scripted::script = {at(0.3, 0.5), at(0.3, 1.5)};
  StudyInMemory study(study_config(1, 4));
  const auto outcome = study.run<Scripted>();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::plugin);
  EXPECT_EQ(outcome.error().message,
            "sampler \"scripted\" broke the rules of the search space at trial 1: y is 1.5, which is outside [0, 1]; the "
            "study ends, its trials are kept. Report it to the sampler's author, or choose another sampler");
  EXPECT_EQ(study.trials().size(), 1U);
}

TEST(Search, a_proposal_with_a_wrong_activity_mark_ends_the_study) {
  nascent::Point wrong = at(0.3, 0.5);
  wrong.active[1] = 0;
  Scripted::script = {wrong};
  StudyInMemory study(study_config(1, 4));
  const auto outcome = study.run<Scripted>();
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("y is marked inactive, though its conditions hold"));
}

TEST(Search, a_proposal_that_is_not_a_number_ends_the_study) {
  Scripted::script = {at(std::nan(""), 0.5)};
  StudyInMemory study(study_config(1, 4));
  EXPECT_FALSE(study.run<Scripted>());
}

// The observer. -------------------------------------------------------------------------------------------------------

class Diary : public SearchObserver {
 public:
  void on_asked(const Trial&) override { ++asked; }
  void on_finished(const Trial&, const SearchCounts& counts) override { finished = counts.finished(); }
  void on_incumbent(const Trial& trial) override { incumbents.push_back(trial.id); }
  void on_search_ended(std::string_view why, const SearchCounts&) override { reason = why; }
  std::uint64_t asked = 0, finished = 0;
  std::vector<TrialId> incumbents;
  std::string reason;
};

TEST(Search, an_observer_hears_of_every_step) {
  Scripted::script = {at(0.3, 0.5), at(0.3, 0.6), at(0.3, 0.4)};
  StudyInMemory study(study_config(1, 3));
  Diary diary;
  study.watch(&diary);
  ASSERT_TRUE(study.run<Scripted>());
  EXPECT_EQ(diary.asked, 3U);
  EXPECT_EQ(diary.finished, 3U);
  EXPECT_EQ(diary.incumbents, (std::vector<TrialId>{0, 2}));
  EXPECT_EQ(diary.reason, "trials=3");
}

}  // namespace
}  // namespace nascent::core
