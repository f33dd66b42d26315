// What every engine of the store promises.
#include <gmock/gmock.h>

#include <poll.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>

#include "store_fixture.hpp"
#include "support/postgresql.hpp"

namespace nascent::core::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Engine { memory, sqlite, postgresql };

class StoreContract : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == Engine::postgresql) NASCENT_NEEDS_POSTGRESQL();
    location_ = location();
    store_ = must(Store::open(location_));
    study_ = must(store_->create_study(small_study()));
    coordinator_ = must(store_->acquire_coordinator(study_));
  }

  std::string location() const {
    switch (GetParam()) {
      case Engine::memory:
        return ":memory:";
      case Engine::sqlite:
        return folder_.path("study.db");
      case Engine::postgresql:
        break;
    }
    return nascent::test::PostgresqlServer::shared().database();
  }
  void enqueue(TrialId count) {
    std::vector<Trial> trials;
    for (TrialId id = 0; id < count; ++id) trials.push_back(small_trial(id));
    must(store_->enqueue(coordinator_, trials));
  }
  Store::LeasedTrial lease(double seconds = 60) {
    auto leased = must(store_->lease(study_, "worker-1", seconds));
    if (!leased) throw std::runtime_error("nothing to lease");
    return std::move(*leased);
  }
  std::vector<TrialId> ids(const std::vector<Trial>& trials) {
    std::vector<TrialId> ids;
    for (const Trial& trial : trials) ids.push_back(trial.id);
    return ids;
  }

  TemporaryFolder folder_;
  std::string location_;
  std::unique_ptr<Store> store_;
  StudyId study_ = 0;
  Coordinator coordinator_;
};

std::string engine_name(const ::testing::TestParamInfo<Engine>& engine) {
  constexpr std::array<const char*, 3> names{"memory", "sqlite", "postgresql"};
  return names[static_cast<std::size_t>(engine.param)];
}
INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, ::testing::Values(Engine::memory, Engine::sqlite, Engine::postgresql),
                         engine_name);

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

// ---------------------------------------------------------------------------------------------------------- studies

TEST_P(StoreContract, a_study_comes_back_as_it_was_given) {
  const StudyRecord given = small_study();
  const auto stored = must(store_->study("fashion"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->id, study_);
  EXPECT_EQ(stored->seed, given.seed);
  EXPECT_EQ(stored->parallel, given.parallel);
  EXPECT_EQ(stored->objectives_json, given.objectives_json);
  EXPECT_EQ(stored->resolved_config, given.resolved_config);
  EXPECT_EQ(stored->space_json, given.space_json);
  EXPECT_EQ(stored->space_fingerprint, given.space_fingerprint);
  EXPECT_EQ(stored->nascent_version, given.nascent_version);
  EXPECT_EQ(stored->plugins, given.plugins);
  EXPECT_EQ(stored->state, StudyState::running);
  EXPECT_GT(stored->created_at, 1.6e9);
}

TEST_P(StoreContract, a_name_is_given_to_one_study) {
  const auto second = store_->create_study(small_study());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              HasSubstr("there is a study \"fashion\" already; continue it with `nascent resume`"));
  must(store_->create_study(small_study("other")));
  EXPECT_EQ(must(store_->studies()).size(), 2u);
}

TEST_P(StoreContract, a_study_without_a_name_or_with_an_unreadable_space_is_refused) {
  EXPECT_FALSE(store_->create_study(small_study("")));
  StudyRecord study = small_study("other");
  study.space_json = "{";
  const auto refused = store_->create_study(study);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("space_json is no JSON array"));
}

TEST_P(StoreContract, an_unknown_study_has_nothing) {
  EXPECT_FALSE(must(store_->study("nobody")));
  EXPECT_FALSE(store_->study_state(99));
  EXPECT_FALSE(store_->acquire_coordinator(99));
  EXPECT_THAT(must(store_->trials(99)), IsEmpty());
  EXPECT_FALSE(must(store_->lease(99, "w", 60)));
  EXPECT_FALSE(store_->add_event(99, "note", "{}"));
}

TEST_P(StoreContract, the_state_of_a_study_is_kept_with_its_reason) {
  must(store_->set_study_state(coordinator_, StudyState::stopped, "100 trials"));
  EXPECT_EQ(must(store_->study_state(study_)), StudyState::stopped);
  EXPECT_EQ(must(store_->study("fashion"))->stop_reason, "100 trials");
}

TEST_P(StoreContract, a_study_goes_on_with_other_settings) {
  const std::string later = "[study]\nname = \"fashion\"\n[stop]\ntrials = 200\n";
  must(store_->set_resolved_config(coordinator_, later));
  EXPECT_EQ(must(store_->study("fashion"))->resolved_config, later);
  must(store_->release(coordinator_));
  EXPECT_FALSE(store_->set_resolved_config(coordinator_, "[study]\n"));
  EXPECT_EQ(must(store_->study("fashion"))->resolved_config, later);
}

// ------------------------------------------------------------------------------------------------------ coordinator

TEST_P(StoreContract, a_second_coordinator_is_told_who_holds_the_study) {
  const auto second = store_->acquire_coordinator(study_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::store);
  EXPECT_THAT(second.error().message,
              HasSubstr("the study is being run by process " + std::to_string(getpid()) + " on "));
}

TEST_P(StoreContract, tells_who_coordinates_a_study) {
  const auto holder = must(store_->coordinator(study_));
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, getpid());
  EXPECT_FALSE(holder->host.empty());
  EXPECT_LE(holder->since, holder->renewed_at);
  EXPECT_FALSE(must(store_->coordinator(study_, /*stale_after_seconds=*/-1)));
  must(store_->release(coordinator_));
  EXPECT_FALSE(must(store_->coordinator(study_)));
  EXPECT_FALSE(must(store_->coordinator(99)));
}

TEST_P(StoreContract, a_released_study_can_be_acquired_again) {
  must(store_->release(coordinator_));
  const auto next = must(store_->acquire_coordinator(study_));
  EXPECT_GT(next.epoch, coordinator_.epoch);
  EXPECT_FALSE(store_->renew(coordinator_));
  EXPECT_TRUE(store_->renew(next));
}

TEST_P(StoreContract, a_coordinator_that_was_replaced_changes_nothing) {
  enqueue(2);
  const auto leased = lease();
  must(store_->report(leased.lease, {1, {}}, VerdictWanted::yes));
  const auto awaited = must(store_->reports_awaiting_verdict(study_));
  const auto next = must(store_->acquire_coordinator(study_, /*stale_after_seconds=*/-1));
  const std::vector<Trial> more = {small_trial(7)}, done = {completed(small_trial(8))};
  const std::vector<TrialId> accepted = {0};

  EXPECT_FALSE(store_->renew(coordinator_));
  EXPECT_FALSE(store_->release(coordinator_));
  EXPECT_FALSE(store_->set_study_state(coordinator_, StudyState::finished, ""));
  EXPECT_FALSE(store_->record_finished(coordinator_, done));
  EXPECT_FALSE(store_->set_accepted(coordinator_, accepted));
  EXPECT_FALSE(store_->set_verdict(coordinator_, awaited.at(0), Verdict::stop));
  EXPECT_FALSE(store_->requeue(coordinator_, leased.lease, FailureReason::lost, ""));
  EXPECT_FALSE(store_->promote(coordinator_, 0));
  const auto refused = store_->enqueue(coordinator_, more);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("has taken over the study"));

  EXPECT_THAT(ids(must(store_->trials(study_))), ElementsAre(0, 1));
  EXPECT_EQ(must(store_->trial(study_, 0))->state, TrialState::running);
  EXPECT_FALSE(must(store_->trial(study_, 0))->accepted);
  EXPECT_EQ(must(store_->study_state(study_)), StudyState::running);
  EXPECT_TRUE(store_->enqueue(next, more));
}

// ----------------------------------------------------------------------------------------------------------- trials

TEST_P(StoreContract, a_trial_comes_back_bit_by_bit) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> hard = {
      std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity, -0.0,       0.0, 5e-324,
      std::numeric_limits<double>::max(),       0.1,       1.0 / 3,    1e15 + 0.3, 2.0, -1e-300};
  for (std::size_t i = 0; i < hard.size(); ++i) {
    Trial given;
    given.id = i;
    given.role = TrialRole::final;
    given.state = TrialState::failed;
    given.reason = FailureReason::diverged;
    given.message = "loss is NaN ' \" \n \xc3\xa9";
    given.configuration = {{hard[i], 1}, {1, 0}};
    given.seed = std::numeric_limits<std::uint64_t>::max() - i;
    given.architecture_hash = "hash";
    given.duplicate_of = 3;
    given.parent = 4;
    given.budget_spent = hard[i];
    given.metrics = {{"z_first", hard[i]}, {"a \"second\" \xc3\xa9", -hard[i]}};
    given.details_json = R"({"confusion":[[1,2],[3,4]]})";
    given.accepted = true;
    given.attempts = 2;
    given.worker = "worker-1";
    given.queued_at = 1.5, given.started_at = 2.25, given.finished_at = 1'700'000'000.123456;
    given.cost_seconds = hard[i];
    given.artifact_dir = "trials/7";
    must(store_->record_finished(coordinator_, std::span(&given, 1)));
    const auto stored = must(store_->trial(study_, i));
    ASSERT_TRUE(stored);
    SCOPED_TRACE(hard[i]);
    EXPECT_TRUE(same_bits(stored->configuration.x.at(0), hard[i]));
    EXPECT_EQ(stored->configuration.x.at(1), 1);
    EXPECT_EQ(stored->configuration.active, given.configuration.active);
    EXPECT_TRUE(same_bits(stored->budget_spent, hard[i]));
    EXPECT_TRUE(same_bits(stored->cost_seconds, hard[i]));
    ASSERT_EQ(stored->metrics.size(), 2u);
    EXPECT_TRUE(same_bits(stored->metrics[0].value, hard[i]));
    EXPECT_TRUE(same_bits(stored->metrics[1].value, -hard[i]));
    EXPECT_EQ(stored->metrics[0].name, given.metrics[0].name);
    EXPECT_EQ(stored->metrics[1].name, given.metrics[1].name);
    EXPECT_EQ(stored->id, given.id);
    EXPECT_EQ(stored->role, given.role);
    EXPECT_EQ(stored->state, given.state);
    EXPECT_EQ(stored->reason, given.reason);
    EXPECT_EQ(stored->message, given.message);
    EXPECT_EQ(stored->seed, given.seed);
    EXPECT_EQ(stored->architecture_hash, given.architecture_hash);
    EXPECT_EQ(stored->duplicate_of, given.duplicate_of);
    EXPECT_EQ(stored->parent, given.parent);
    EXPECT_EQ(stored->details_json, given.details_json);
    EXPECT_EQ(stored->accepted, given.accepted);
    EXPECT_EQ(stored->attempts, given.attempts);
    EXPECT_EQ(stored->worker, given.worker);
    EXPECT_EQ(stored->queued_at, given.queued_at);
    EXPECT_EQ(stored->started_at, given.started_at);
    EXPECT_EQ(stored->finished_at, given.finished_at);
    EXPECT_EQ(stored->artifact_dir, given.artifact_dir);
  }
}

TEST_P(StoreContract, trials_are_stored_all_or_none) {
  must(store_->enqueue(coordinator_, std::vector<Trial>{small_trial(1)}));
  const std::vector<Trial> overlapping = {small_trial(0), small_trial(1)}, twice = {small_trial(5), small_trial(5)};
  const auto refused = store_->enqueue(coordinator_, overlapping);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("trial 1 is stored already"));
  EXPECT_FALSE(store_->enqueue(coordinator_, twice));
  EXPECT_FALSE(store_->record_finished(coordinator_, std::vector<Trial>{completed(small_trial(6)), small_trial(7)}));
  EXPECT_THAT(ids(must(store_->trials(study_))), ElementsAre(1));
}

TEST_P(StoreContract, a_configuration_of_another_space_is_refused) {
  Trial trial = small_trial(0);
  trial.configuration = {{1, 2, 3}, {1, 1, 1}};
  const auto refused = store_->enqueue(coordinator_, std::span(&trial, 1));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("trial 0: the configuration has 3 values; the study has 2 parameters"));
}

TEST_P(StoreContract, trials_are_listed_by_id_and_filtered) {
  must(store_->enqueue(coordinator_, std::vector<Trial>{small_trial(4), small_trial(2), small_trial(9)}));
  Trial last = completed(small_trial(3));
  last.role = TrialRole::final;
  must(store_->record_finished(coordinator_, std::span(&last, 1)));
  EXPECT_THAT(ids(must(store_->trials(study_))), ElementsAre(2, 3, 4, 9));
  EXPECT_THAT(ids(must(store_->trials(study_, {.first = 3}))), ElementsAre(3, 4, 9));
  EXPECT_THAT(ids(must(store_->trials(study_, {.limit = 2}))), ElementsAre(2, 3));
  EXPECT_THAT(ids(must(store_->trials(study_, {.state = TrialState::queued, .first = 3}))), ElementsAre(4, 9));
  EXPECT_THAT(ids(must(store_->trials(study_, {.role = TrialRole::final}))), ElementsAre(3));
  EXPECT_FALSE(must(store_->trial(study_, 5)));
}

TEST_P(StoreContract, accepted_trials_are_marked) {
  enqueue(3);
  must(store_->set_accepted(coordinator_, std::vector<TrialId>{0, 2}));
  EXPECT_TRUE(must(store_->trial(study_, 0))->accepted);
  EXPECT_FALSE(must(store_->trial(study_, 1))->accepted);
  EXPECT_FALSE(store_->set_accepted(coordinator_, std::vector<TrialId>{1, 77}));
  EXPECT_FALSE(must(store_->trial(study_, 1))->accepted);
}

TEST_P(StoreContract, a_queued_trial_can_be_recorded_without_a_worker) {
  enqueue(2);
  Trial reused = completed(small_trial(1));
  reused.duplicate_of = 0;
  must(store_->record_finished(coordinator_, std::span(&reused, 1)));
  const auto stored = must(store_->trial(study_, 1));
  EXPECT_EQ(stored->state, TrialState::completed);
  EXPECT_EQ(stored->duplicate_of, 0u);
  EXPECT_EQ(lease().trial.id, 0u);
  EXPECT_FALSE(must(store_->lease(study_, "w", 60)));
  EXPECT_FALSE(store_->record_finished(coordinator_, std::span(&reused, 1)));
}

TEST_P(StoreContract, finished_trials_are_told_once_in_the_order_of_finishing) {
  enqueue(3);
  const auto first = lease(), second = lease();
  must(store_->finish(second.lease, completed(second.trial)));
  auto told = must(store_->finished_since(study_, 0));
  EXPECT_THAT(ids(told.trials), ElementsAre(1));
  must(store_->record_finished(coordinator_, std::vector<Trial>{completed(small_trial(5)), completed(small_trial(4))}));
  must(store_->finish(first.lease, completed(first.trial)));
  told = must(store_->finished_since(study_, told.cursor));
  EXPECT_THAT(ids(told.trials), ElementsAre(5, 4, 0));
  const auto cursor = told.cursor;
  told = must(store_->finished_since(study_, cursor));
  EXPECT_THAT(told.trials, IsEmpty());
  EXPECT_EQ(told.cursor, cursor);
}

// --------------------------------------------------------------------------------------------------------- attempts

TEST_P(StoreContract, trials_are_counted_by_role_and_state) {
  EXPECT_EQ(must(store_->tally(study_)).size(), 0U);
  enqueue(4);
  Trial again = completed(small_trial(9));
  again.role = TrialRole::final;
  again.cost_seconds = 3;
  Trial broken = completed(small_trial(3));
  broken.state = TrialState::failed;
  broken.reason = FailureReason::diverged;
  broken.metrics.clear();
  broken.cost_seconds = 0.5;
  const std::vector<Trial> done{again, broken};
  must(store_->record_finished(coordinator_, done));
  lease();
  const TrialTally tally = must(store_->tally(study_));
  EXPECT_EQ(tally.of(TrialRole::search, TrialState::queued), 2U);
  EXPECT_EQ(tally.of(TrialRole::search, TrialState::running), 1U);
  EXPECT_EQ(tally.of(TrialRole::search, TrialState::failed), 1U);
  EXPECT_EQ(tally.of(TrialRole::final, TrialState::completed), 1U);
  EXPECT_EQ(tally.size(), 5U);
  EXPECT_EQ(tally.cost_seconds, 3.5);
  EXPECT_EQ(tally.last_at, std::max(must(store_->trial(study_, 0))->started_at, must(store_->trial(study_, 3))->finished_at));
}

TEST_P(StoreContract, a_tally_gives_a_cursor_that_misses_nothing_that_lands_later) {
  enqueue(2);
  const auto first = lease();
  must(store_->finish(first.lease, completed(first.trial)));
  const std::uint64_t cursor = must(store_->tally(study_)).landed;
  const auto second = lease();
  must(store_->finish(second.lease, completed(second.trial)));
  EXPECT_THAT(ids(must(store_->finished_since(study_, cursor)).trials), ::testing::Contains(second.trial.id));
}

TEST_P(StoreContract, every_trial_is_visited_once_and_in_order_whatever_their_number) {
  enqueue(2345);
  std::vector<TrialId> all;
  for (TrialId id = 0; id < 2345; ++id) all.push_back(id);
  std::vector<TrialId> visited;
  const auto visit = [&](const Trial& trial) { visited.push_back(trial.id); };
  must(each_trial(*store_, study_, {}, visit));
  EXPECT_EQ(visited, all);
  visited.clear();
  must(each_trial(*store_, study_, {.first = 40, .limit = 1500}, visit));
  EXPECT_EQ(visited, std::vector<TrialId>(all.begin() + 40, all.begin() + 1540));
  const std::vector<TrialId> some{7, 3};
  EXPECT_EQ(ids(must(read_trials(*store_, study_, some))), some);
  const std::vector<TrialId> none{9999};
  EXPECT_EQ(read_trials(*store_, study_, none).error().message, "trial 9999 is gone from the store; restore a copy of it");
}

TEST_P(StoreContract, a_lease_may_be_for_trials_of_one_role) {
  Trial last = small_trial(2);
  last.role = TrialRole::final;
  enqueue(2);
  must(store_->enqueue(coordinator_, std::span(&last, 1)));
  EXPECT_EQ(must(store_->lease(study_, "w", 60, TrialRole::final))->trial.id, 2u);
  EXPECT_FALSE(must(store_->lease(study_, "w", 60, TrialRole::final)));
  EXPECT_EQ(must(store_->lease(study_, "w", 60, TrialRole::search))->trial.id, 0u);
  EXPECT_EQ(lease().trial.id, 1u);
}

TEST_P(StoreContract, a_lease_hands_out_the_oldest_trial_once) {
  enqueue(2);
  const auto first = lease(), second = lease();
  EXPECT_EQ(first.trial.id, 0u);
  EXPECT_EQ(first.trial.state, TrialState::running);
  EXPECT_EQ(first.trial.worker, "worker-1");
  EXPECT_EQ(first.trial.configuration, small_trial(0).configuration);
  EXPECT_EQ(first.lease.attempt, 1u);
  EXPECT_EQ(second.trial.id, 1u);
  EXPECT_FALSE(must(store_->lease(study_, "w", 60)));
  EXPECT_EQ(must(store_->open_leases(study_)).size(), 2u);
}

TEST_P(StoreContract, a_result_is_taken_from_whoever_holds_the_lease) {
  enqueue(1);
  const auto leased = lease();
  Trial result = completed(leased.trial, 0.5);
  result.budget_spent = 3;
  result.cost_seconds = 1.5;
  result.artifact_dir = "trials/0";
  EXPECT_EQ(must(store_->finish(leased.lease, result)), LeaseState::held);
  const auto stored = must(store_->trial(study_, 0));
  EXPECT_EQ(stored->state, TrialState::completed);
  EXPECT_THAT(stored->metrics, ElementsAre(Metric{"val_accuracy", 0.5}));
  EXPECT_EQ(stored->budget_spent, 3);
  EXPECT_EQ(stored->cost_seconds, 1.5);
  EXPECT_EQ(stored->artifact_dir, "trials/0");
  EXPECT_GE(stored->finished_at, stored->started_at);
  EXPECT_THAT(must(store_->open_leases(study_)), IsEmpty());
}

TEST_P(StoreContract, a_worker_back_from_the_dead_overwrites_nothing) {
  enqueue(1);
  const auto zombie = lease();
  must(store_->report(zombie.lease, {1, {{"val_accuracy", 0.1}}}, VerdictWanted::no));
  EXPECT_EQ(must(store_->requeue(coordinator_, zombie.lease, FailureReason::lost, "no sign of life")),
            LeaseState::held);
  EXPECT_EQ(must(store_->finish(zombie.lease, completed(zombie.trial, 0.1))), LeaseState::lost);  // queued now

  const auto heir = lease();
  EXPECT_EQ(heir.lease.attempt, 2u);
  EXPECT_EQ(must(store_->heartbeat(zombie.lease, 60)), LeaseState::lost);
  EXPECT_EQ(must(store_->report(zombie.lease, {2, {}}, VerdictWanted::yes)).state, LeaseState::lost);
  EXPECT_EQ(must(store_->finish(zombie.lease, completed(zombie.trial, 0.1))), LeaseState::lost);
  EXPECT_EQ(must(store_->requeue(coordinator_, zombie.lease, FailureReason::lost, "")), LeaseState::lost);
  EXPECT_EQ(must(store_->finish(heir.lease, completed(heir.trial, 0.8))), LeaseState::held);
  EXPECT_EQ(must(store_->finish(zombie.lease, completed(zombie.trial, 0.1))), LeaseState::lost);

  EXPECT_THAT(must(store_->trial(study_, 0))->metrics, ElementsAre(Metric{"val_accuracy", 0.8}));
  EXPECT_THAT(must(store_->reports(study_, 0)), IsEmpty());
  const auto attempts = must(store_->attempts(study_, 0));
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].reason, FailureReason::lost);
  EXPECT_EQ(attempts[0].message, "no sign of life");
  EXPECT_TRUE(attempts[0].ended_at);
  EXPECT_EQ(attempts[1].reason, FailureReason::none);
}

TEST_P(StoreContract, a_lease_expires_unless_it_is_renewed) {
  enqueue(2);
  const auto silent = lease(-1), alive = lease(-1);
  EXPECT_EQ(must(store_->heartbeat(alive.lease, 60)), LeaseState::held);
  const auto expired = must(store_->expired_leases(study_));
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].lease, silent.lease);
  EXPECT_EQ(expired[0].worker, "worker-1");
}

TEST_P(StoreContract, a_worker_hears_that_the_study_has_ended) {
  enqueue(1);
  const auto leased = lease();
  must(store_->set_study_state(coordinator_, StudyState::stopped, "interrupted"));
  EXPECT_EQ(must(store_->heartbeat(leased.lease, 60)), LeaseState::stop);
  EXPECT_EQ(must(store_->report(leased.lease, {1, {}}, VerdictWanted::no)).state, LeaseState::stop);
  EXPECT_EQ(must(store_->finish(leased.lease, completed(leased.trial))), LeaseState::stop);
  EXPECT_EQ(must(store_->trial(study_, 0))->state, TrialState::completed);
}

TEST_P(StoreContract, a_result_without_an_ending_state_is_refused) {
  enqueue(1);
  const auto leased = lease();
  EXPECT_FALSE(store_->finish(leased.lease, leased.trial));
  EXPECT_EQ(must(store_->trial(study_, 0))->state, TrialState::running);
}

TEST_P(StoreContract, pauses_are_the_reports_of_the_attempts_that_ended_so) {
  enqueue(1);
  const auto attempt = [&](double from, double to, std::optional<TrialState> end) {
    auto leased = lease();
    for (double budget = from; budget <= to; ++budget) {
      const auto receipt = must(store_->report(leased.lease, {budget, {{"loss", 1 / budget}}}, VerdictWanted::yes));
      ReportRecord record;
      record.trial = 0;
      record.attempt = leased.lease.attempt;
      record.number = receipt.number;
      must(store_->set_verdict(coordinator_, record, budget == to ? Verdict::pause : Verdict::proceed));
    }
    if (!end) {  // its worker died after the verdict
      must(store_->requeue(coordinator_, leased.lease, FailureReason::lost, "silent"));
      return;
    }
    leased.trial.state = *end;
    must(store_->finish(leased.lease, leased.trial));
    if (*end == TrialState::paused) must(store_->promote(coordinator_, 0));
  };
  attempt(1, 2, std::nullopt);
  attempt(1, 2, TrialState::paused);
  attempt(1, 4, TrialState::paused);
  attempt(3, 5, TrialState::completed);
  const auto pauses = must(store_->pauses(study_, 0));
  ASSERT_EQ(pauses.size(), 2U);
  EXPECT_EQ(pauses[0].size(), 2U);
  EXPECT_EQ(pauses[0].back().attempt, 2U);
  EXPECT_EQ(pauses[1].size(), 4U);
  EXPECT_EQ(pauses[1].back().report.budget, 4);
  EXPECT_EQ(pauses[1].back().report.metrics.at(0).value, 0.25);
  EXPECT_TRUE(must(store_->pauses(study_, 7)).empty());
}

TEST_P(StoreContract, a_paused_trial_is_promoted_and_lands_again) {
  enqueue(1);
  const auto leased = lease();
  Trial paused = leased.trial;
  paused.state = TrialState::paused;
  must(store_->finish(leased.lease, paused));
  auto told = must(store_->finished_since(study_, 0));
  EXPECT_THAT(ids(told.trials), ElementsAre(0));
  must(store_->promote(coordinator_, 0));
  EXPECT_FALSE(store_->promote(coordinator_, 0));
  const auto again = lease();
  EXPECT_EQ(again.lease.attempt, 2u);
  must(store_->finish(again.lease, completed(again.trial)));
  told = must(store_->finished_since(study_, told.cursor));
  EXPECT_THAT(ids(told.trials), ElementsAre(0));
}

TEST_P(StoreContract, a_paused_trial_that_is_given_up_is_recorded_as_finished_and_lands_again) {
  enqueue(1);
  const auto leased = lease();
  Trial trial = leased.trial;
  trial.state = TrialState::paused;
  trial.budget_spent = 2;
  must(store_->finish(leased.lease, trial));
  const auto told = must(store_->finished_since(study_, 0));
  trial = *must(store_->trial(study_, 0));
  trial.state = TrialState::pruned;
  must(store_->record_finished(coordinator_, std::span(&trial, 1)));
  const auto row = must(store_->trial(study_, 0));
  EXPECT_EQ(row->state, TrialState::pruned);
  EXPECT_EQ(row->budget_spent, 2);
  EXPECT_EQ(row->attempts, 1u);
  EXPECT_THAT(ids(must(store_->finished_since(study_, told.cursor)).trials), ElementsAre(0));
  EXPECT_FALSE(store_->promote(coordinator_, 0));
  EXPECT_FALSE(must(store_->lease(study_, "worker", 60)));
  EXPECT_FALSE(store_->record_finished(coordinator_, std::span(&trial, 1))) << "it has ended";
}

// ---------------------------------------------------------------------------------------------------------- reports

TEST_P(StoreContract, several_reports_are_answered_at_once) {
  enqueue(3);
  const std::vector leased = {lease(), lease(), lease()};
  for (const auto& [l, trial] : leased) must(store_->report(l, {1, {}}, VerdictWanted::yes));
  const auto awaiting = must(store_->reports_awaiting_verdict(study_));
  ASSERT_EQ(awaiting.size(), 3u);
  const std::vector<GivenVerdict> given = {{awaiting[0], Verdict::stop}, {awaiting[2], Verdict::pause}};
  must(store_->set_verdicts(coordinator_, given));
  EXPECT_EQ(must(store_->verdict(leased[0].lease, 0)), Verdict::stop);
  EXPECT_FALSE(must(store_->verdict(leased[1].lease, 0)));
  EXPECT_EQ(must(store_->verdict(leased[2].lease, 0)), Verdict::pause);
  const auto left = must(store_->reports_awaiting_verdict(study_));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].trial, awaiting[1].trial);
  EXPECT_FALSE(store_->set_verdicts(coordinator_, given)) << "they have been answered";
  must(store_->set_verdicts(coordinator_, {}));
}

TEST_P(StoreContract, a_lost_attempt_awaits_no_verdict) {
  enqueue(1);
  const auto leased = lease();
  must(store_->report(leased.lease, {1, {}}, VerdictWanted::yes));
  must(store_->requeue(coordinator_, leased.lease, FailureReason::lost, "gone"));
  EXPECT_THAT(must(store_->reports_awaiting_verdict(study_)), IsEmpty());
  const auto again = lease();
  EXPECT_THAT(must(store_->reports_awaiting_verdict(study_)), IsEmpty());
  must(store_->report(again.lease, {1, {}}, VerdictWanted::yes));
  EXPECT_EQ(must(store_->reports_awaiting_verdict(study_)).size(), 1u);
}

TEST_P(StoreContract, a_report_waits_for_its_verdict) {
  enqueue(2);
  const auto leased = lease();
  const Report given{1.5, {{"val_loss", 0.7}, {"val_accuracy", 0.25}}};
  EXPECT_EQ(must(store_->report(leased.lease, given, VerdictWanted::yes)).number, 0u);
  EXPECT_EQ(must(store_->report(leased.lease, {3, {}}, VerdictWanted::no)).number, 1u);
  EXPECT_FALSE(must(store_->verdict(leased.lease, 0)));

  const auto awaiting = must(store_->reports_awaiting_verdict(study_));
  ASSERT_EQ(awaiting.size(), 1u);
  EXPECT_EQ(awaiting[0].trial, 0u);
  EXPECT_EQ(awaiting[0].number, 0u);
  EXPECT_EQ(awaiting[0].report.budget, 1.5);
  EXPECT_EQ(awaiting[0].report.metrics, given.metrics);

  must(store_->set_verdict(coordinator_, awaiting[0], Verdict::stop));
  EXPECT_EQ(must(store_->verdict(leased.lease, 0)), Verdict::stop);
  EXPECT_THAT(must(store_->reports_awaiting_verdict(study_)), IsEmpty());
  EXPECT_FALSE(store_->set_verdict(coordinator_, awaiting[0], Verdict::proceed));
  EXPECT_EQ(must(store_->verdict(leased.lease, 0)), Verdict::stop);
  EXPECT_EQ(must(store_->reports(study_, 0)).size(), 2u);
}

TEST_P(StoreContract, reports_of_an_ended_attempt_wait_no_more) {
  enqueue(1);
  const auto leased = lease();
  must(store_->report(leased.lease, {1, {}}, VerdictWanted::yes));
  must(store_->requeue(coordinator_, leased.lease, FailureReason::crashed, "signal 11"));
  EXPECT_THAT(must(store_->reports_awaiting_verdict(study_)), IsEmpty());
  const auto again = lease();
  EXPECT_EQ(must(store_->report(again.lease, {1, {}}, VerdictWanted::yes)).number, 0u);
  EXPECT_EQ(must(store_->reports_awaiting_verdict(study_)).at(0).attempt, 2u);
}

// ------------------------------------------------------------------------------------------------------------ diary

TEST_P(StoreContract, events_are_kept_in_order) {
  must(store_->add_event(study_, "started", R"({"pid":1})"));
  must(store_->add_event(study_, "worker_died", R"({"signal":11})"));
  const auto events = must(store_->events(study_));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, "started");
  EXPECT_EQ(events[0].data_json, R"({"pid":1})");
  EXPECT_EQ(must(store_->events(study_, events[0].id)).at(0).kind, "worker_died");
}

TEST_P(StoreContract, every_opening_of_the_test_split_is_written_down) {
  enqueue(1);
  must(store_->record_test_opening(study_, 0, "final evaluation"));
  must(store_->record_test_opening(study_, 0, "again"));
  const auto openings = must(store_->test_openings(study_));
  ASSERT_EQ(openings.size(), 2u);
  EXPECT_EQ(openings[0].trial, 0u);
  EXPECT_EQ(openings[0].purpose, "final evaluation");
  EXPECT_GT(openings[0].opened_at, 1.6e9);
  EXPECT_FALSE(store_->record_test_opening(study_, 8, "no such trial"));
}

// ------------------------------------------------------------------------------------------------------------ queue

QueuedConfiguration wish(double rate) { return {{{rate, 1}, {1, 1}}, "test"}; }

TEST_P(StoreContract, queued_configurations_are_given_out_in_order_and_once) {
  const std::vector wishes{wish(0.1), wish(0.2)};
  must(store_->queue_configurations(study_, wishes));
  must(store_->queue_configurations(study_, {wishes.data(), 1}));
  const auto all = must(store_->queued_configurations(study_));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].configuration, wishes[1].configuration);
  EXPECT_EQ(all[1].origin, "test");
  EXPECT_GT(all[1].queued_at, 0);
  EXPECT_LT(all[0].id, all[1].id);
  EXPECT_EQ(all[0].trial, std::nullopt);
  EXPECT_EQ(must(store_->take_queued(coordinator_, 4))->id, all[0].id);
  EXPECT_EQ(must(store_->take_queued(coordinator_, 5))->id, all[1].id);
  EXPECT_EQ(must(store_->take_queued(coordinator_, 5))->id, all[1].id) << "the trial keeps it";
  EXPECT_EQ(must(store_->take_queued(coordinator_, 4))->id, all[0].id);
  EXPECT_EQ(must(store_->take_queued(coordinator_, 9))->id, all[2].id);
  EXPECT_EQ(must(store_->take_queued(coordinator_, 10)), std::nullopt);
  EXPECT_EQ(must(store_->queued_configurations(study_))[1].trial, 5U);
}

TEST_P(StoreContract, a_study_can_be_created_with_its_queue) {
  const StudyId other = must(store_->create_study(small_study("other"), std::vector{wish(0.3)}));
  EXPECT_THAT(must(store_->queued_configurations(study_)), IsEmpty());
  EXPECT_EQ(must(store_->queued_configurations(other))[0].configuration, wish(0.3).configuration);
  EXPECT_EQ(must(store_->take_queued(coordinator_, 0)), std::nullopt) << "another study's";
}

TEST_P(StoreContract, a_queue_of_another_space_is_refused_and_leaves_no_study) {
  const std::vector<QueuedConfiguration> misfits{wish(0.1), {{{0.1}, {1}}, "test"}};
  const auto refused = store_->queue_configurations(study_, misfits);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("a configuration for the queue: the configuration has 1 values; the study has 2 parameters"));
  EXPECT_THAT(must(store_->queued_configurations(study_)), IsEmpty()) << "all or none";
  EXPECT_FALSE(store_->create_study(small_study("other"), misfits));
  EXPECT_EQ(must(store_->studies()).size(), 1U);
  StudyRecord narrow = small_study("narrow");
  narrow.space_json = R"([{"name":"x"}])";
  EXPECT_TRUE(store_->create_study(narrow, {misfits.data() + 1, 1})) << "nothing of the refused study is remembered";
}

TEST_P(StoreContract, only_the_coordinator_takes_from_the_queue) {
  must(store_->queue_configurations(study_, std::vector{wish(0.1)}));
  const Coordinator earlier = coordinator_;
  coordinator_ = must(store_->acquire_coordinator(study_, -1));
  EXPECT_FALSE(store_->take_queued(earlier, 0));
  EXPECT_TRUE(must(store_->take_queued(coordinator_, 0)));
}

TEST_P(StoreContract, a_worker_gives_its_attempt_back) {
  enqueue(1);
  const auto [first, trial] = lease();
  EXPECT_EQ(must(store_->give_back(first, FailureReason::none, "interrupted")), LeaseState::held);
  EXPECT_EQ(must(store_->trial(study_, 0))->state, TrialState::queued);
  EXPECT_THAT(must(store_->open_leases(study_)), IsEmpty());
  EXPECT_EQ(must(store_->attempts(study_, 0)).at(0).message, "interrupted");
  const auto [second, again] = lease();
  EXPECT_EQ(second.attempt, first.attempt + 1);
  EXPECT_EQ(must(store_->give_back(first, FailureReason::none, "")), LeaseState::lost) << "an earlier attempt";
  EXPECT_EQ(must(store_->trial(study_, 0))->state, TrialState::running);
}

// ------------------------------------------------------------------------------------------------------ files of trials

TEST_P(StoreContract, files_of_a_trial_come_back_byte_by_byte_and_the_newer_ones_replace_all_earlier) {
  enqueue(1);
  const auto [lease, trial] = this->lease();
  EXPECT_THAT(must(store_->artifacts(study_, 0)), IsEmpty());
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  const std::vector<Artifact> first{{"reports.jsonl", "{}\n"}, {"checkpoint/state", every_byte}, {"checkpoint/empty", ""}};
  EXPECT_EQ(must(store_->put_artifacts(lease, first)), LeaseState::held);
  EXPECT_THAT(must(store_->artifacts(study_, 0)), ElementsAre(first[2], first[1], first[0]));
  const std::vector<Artifact> second{{"model", "weights"}};
  EXPECT_EQ(must(store_->put_artifacts(lease, second)), LeaseState::held);
  EXPECT_THAT(must(store_->artifacts(study_, 0)), ElementsAre(second[0]));
  EXPECT_EQ(must(store_->put_artifacts(lease, {})), LeaseState::held);
  EXPECT_THAT(must(store_->artifacts(study_, 0)), IsEmpty());
}

TEST_P(StoreContract, files_of_an_attempt_are_taken_until_the_next_has_begun) {
  enqueue(1);
  const auto zombie = lease().lease;
  const std::vector<Artifact> first{{"checkpoint/state", "first"}}, second{{"checkpoint/state", "second"}};
  must(store_->requeue(coordinator_, zombie, FailureReason::lost, "silent"));
  EXPECT_EQ(must(store_->put_artifacts(zombie, first)), LeaseState::held) << "nobody has gone on from an older checkpoint";
  const auto later = lease().lease;
  EXPECT_EQ(must(store_->put_artifacts(zombie, second)), LeaseState::lost);
  EXPECT_THAT(must(store_->artifacts(study_, 0)), ElementsAre(first[0]));
  EXPECT_EQ(must(store_->put_artifacts(later, second)), LeaseState::held);
  EXPECT_EQ(must(store_->put_artifacts(zombie, first)), LeaseState::lost);
  EXPECT_THAT(must(store_->artifacts(study_, 0)), ElementsAre(second[0]));
}

TEST_P(StoreContract, files_of_a_folder_are_copied_for_a_trial_that_is_not_there_yet_and_give_way_to_its_own) {
  enqueue(1);
  const auto parent = lease();
  must(store_->put_artifacts(parent.lease, std::vector<Artifact>{{"checkpoint/a/state", "weights"}, {"checkpoints", "x"}, {"reports.jsonl", "{}"}}));
  EXPECT_EQ(must(store_->copy_artifacts(coordinator_, 0, "nothing", 1, "inherited")), 0U);
  for (int again = 0; again < 2; ++again) EXPECT_EQ(must(store_->copy_artifacts(coordinator_, 0, "checkpoint", 1, "inherited")), 1U);
  const Artifact inherited{"inherited/a/state", "weights"}, own{"checkpoint/state", "own"};
  EXPECT_THAT(must(store_->artifacts(study_, 1)), ElementsAre(inherited));
  EXPECT_EQ(must(store_->artifacts(study_, 0)).size(), 3U);
  const Trial child = small_trial(1);
  must(store_->enqueue(coordinator_, std::span(&child, 1)));
  const auto leased = lease();
  EXPECT_THAT(must(store_->artifacts(study_, 1)), ElementsAre(inherited));
  must(store_->put_artifacts(leased.lease, std::span(&own, 1)));
  EXPECT_THAT(must(store_->artifacts(study_, 1)), ElementsAre(own));
  const Coordinator earlier = coordinator_;
  must(store_->acquire_coordinator(study_, -1));
  EXPECT_FALSE(store_->copy_artifacts(earlier, 0, "checkpoint", 1, "inherited"));
}

TEST_P(StoreContract, files_stay_with_a_paused_and_a_completed_trial_and_go_with_one_that_failed_or_was_given_up) {
  enqueue(4);
  const std::vector<Artifact> files{{"model", "weights"}};
  for (const TrialState state : {TrialState::completed, TrialState::failed, TrialState::paused, TrialState::paused}) {
    auto [lease, trial] = this->lease();
    must(store_->put_artifacts(lease, files));
    trial.state = state;
    must(store_->finish(lease, trial));
    EXPECT_EQ(must(store_->put_artifacts(lease, {})), LeaseState::lost);
  }
  auto given_up = must(store_->trial(study_, 3)).value();
  given_up.state = TrialState::pruned;
  must(store_->record_finished(coordinator_, std::span(&given_up, 1)));
  EXPECT_THAT(must(store_->artifacts(study_, 0)), ElementsAre(files[0]));
  EXPECT_THAT(must(store_->artifacts(study_, 1)), IsEmpty());
  EXPECT_THAT(must(store_->artifacts(study_, 2)), ElementsAre(files[0]));
  EXPECT_THAT(must(store_->artifacts(study_, 3)), IsEmpty());
}

TEST_P(StoreContract, tells_of_changes_where_the_engine_can) {
  const int changes = store_->changes_fd();
  // Meant: -1 is a valid answer of the contract (Store::changes_fd). PostgreSQL's engine gives a descriptor, and runs this.
  if (changes < 0) GTEST_SKIP() << "this engine does not tell";
  const auto readable = [&](int milliseconds) {
    pollfd file{changes, POLLIN, 0};
    return poll(&file, 1, milliseconds) == 1;
  };
  must(store_->version());
  EXPECT_FALSE(readable(0));
  must(Store::open(location_, OpenMode::must_exist).and_then([&](const auto& other) { return other->add_event(study_, "note", "{}"); }));
  EXPECT_TRUE(readable(5'000));
  must(store_->version());
  EXPECT_FALSE(readable(0));
}

TEST_P(StoreContract, the_version_moves_with_every_change_and_only_then) {
  auto before = must(store_->version());
  EXPECT_EQ(must(store_->version()), before);
  enqueue(1);
  auto after = must(store_->version());
  EXPECT_NE(after, before);
  must(store_->trials(study_));
  EXPECT_EQ(must(store_->version()), after);
  must(store_->add_event(study_, "note", "{}"));
  EXPECT_NE(must(store_->version()), after);
}

TEST_P(StoreContract, threads_share_one_store) {
  constexpr TrialId kTrials = 200;
  enqueue(kTrials);
  const auto work = [&] {
    while (auto leased = must(store_->lease(study_, "thread", 60))) {
      must(store_->report(leased->lease, {1, {{"val_loss", 1}}}, VerdictWanted::no));
      must(store_->finish(leased->lease, completed(leased->trial)));
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  threads.clear();
  const auto finished = must(store_->finished_since(study_, 0)).trials;
  EXPECT_EQ(finished.size(), kTrials);
  for (const Trial& trial : finished) EXPECT_EQ(trial.attempts, 1u);
}

}  // namespace
}  // namespace nascent::core::test
