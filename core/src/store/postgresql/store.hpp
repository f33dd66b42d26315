// The engine that keeps stores in a PostgreSQL database, for processes on any number of machines.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "nascent/core/store.hpp"
#include "store/clock.hpp"
#include "store/codec.hpp"
#include "store/postgresql/connection.hpp"
#include "store/process.hpp"

// In the order in which trial_from() reads them.
#define NASCENT_TRIAL_COLUMNS                                                                                      \
  "id, role, state, reason, message, configuration, seed, architecture_hash, duplicate_of, parent, budget_spent, " \
  "metrics, details, accepted, attempts, worker, queued_at, started_at, finished_at, cost_seconds, artifact_dir "

namespace nascent::core::store::postgresql {

// One connection behind a mutex. Every change is one transaction (READ COMMITTED) that locks the rows it decides by.
//
// A connection that is lost is made again, and what was being done is done again: a transaction that was under way is
// gone with its connection, and of one whose commit was under way the server is asked how it ended. So a call takes
// effect once. This goes on for a bounded time; then the call fails, and has changed nothing.
//
// The right to coordinate is an advisory lock of the session, which ends with its process wherever that runs; the epoch
// fences off whoever had it before.
class PostgresqlStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& location, OpenMode mode);

  explicit PostgresqlStore(std::unique_ptr<Database> database) : db_(std::move(database)) {}

  Result<std::uint64_t> version() override;
  int changes_fd() override;

  Result<StudyId> create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue) override;
  Result<std::optional<StudyRecord>> study(std::string_view name) override;
  Result<std::vector<StudyRecord>> studies() override;
  Result<StudyState> study_state(StudyId study) override;

  Result<Coordinator> acquire_coordinator(StudyId study, double stale_after_seconds) override;
  Result<std::optional<CoordinatorRecord>> coordinator(StudyId study, double stale_after_seconds) override;
  Result<void> renew(const Coordinator& coordinator) override;
  Result<void> release(const Coordinator& coordinator) override;
  Result<void> set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) override;
  Result<void> set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) override;
  Result<void> enqueue(const Coordinator& coordinator, std::span<const Trial> trials) override;
  Result<void> record_finished(const Coordinator& coordinator, std::span<const Trial> trials) override;
  Result<void> set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) override;
  Result<void> set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) override;
  Result<std::optional<QueuedConfiguration>> take_queued(const Coordinator& coordinator, TrialId trial) override;
  Result<LeaseState> requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                             std::string_view message) override;
  Result<void> promote(const Coordinator& coordinator, TrialId trial) override;

  Result<std::optional<LeasedTrial>> lease(StudyId study, std::string_view worker, double lease_seconds,
                                           std::optional<TrialRole> role) override;
  Result<LeaseState> heartbeat(const Lease& lease, double lease_seconds) override;
  Result<ReportReceipt> report(const Lease& lease, const Report& report, VerdictWanted wanted) override;
  Result<std::optional<Verdict>> verdict(const Lease& lease, std::uint32_t number) override;
  Result<LeaseState> finish(const Lease& lease, const Trial& result) override;
  Result<LeaseState> give_back(const Lease& lease, FailureReason reason, std::string_view message) override;

  Result<std::vector<Trial>> trials(StudyId study, const TrialFilter& filter) override;
  Result<std::optional<Trial>> trial(StudyId study, TrialId trial) override;
  Result<FinishedTrials> finished_since(StudyId study, std::uint64_t cursor) override;
  Result<std::vector<ReportRecord>> reports(StudyId study, TrialId trial) override;
  Result<std::vector<std::vector<ReportRecord>>> pauses(StudyId study, TrialId trial) override;
  Result<std::vector<ReportRecord>> reports_awaiting_verdict(StudyId study) override;
  Result<std::vector<LeaseRecord>> open_leases(StudyId study) override;
  Result<std::vector<LeaseRecord>> expired_leases(StudyId study) override;
  Result<std::vector<LeaseRecord>> attempts(StudyId study, TrialId trial) override;

  Result<void> queue_configurations(StudyId study, std::span<const QueuedConfiguration> added) override;
  Result<std::vector<QueuedConfiguration>> queued_configurations(StudyId study) override;

  Result<void> add_event(StudyId study, std::string_view kind, std::string_view data_json) override;
  Result<std::vector<EventRecord>> events(StudyId study, std::uint64_t after_id) override;
  Result<void> record_test_opening(StudyId study, TrialId trial, std::string_view purpose) override;
  Result<std::vector<TestOpening>> test_openings(StudyId study) override;

 private:
  // Who waits for changes hears of this one.
  enum class Tell { nobody, everybody };

  // Runs `body` -> Result<T> as one transaction: committed when it and all its statements succeed, else undone. It may
  // run several times.
  template <class Body>
  auto write(Body&& body, Tell tell = Tell::everybody) -> decltype(body());
  // Runs `body` -> Result<T> on committed data, again where the connection was lost.
  template <class Body>
  auto read(Body&& body) -> decltype(body());
  // A change that only the current coordinator may make.
  template <class Body>
  auto write_as(const Coordinator& coordinator, Body&& body, Tell tell = Tell::everybody) -> decltype(body());

  // How long a lost connection is tried again.
  class Patience;
  enum class After { give_up, repeat, committed };
  // What to do once db_ is in trouble.
  After recover(Patience& patience);
  void reconnect(Patience& patience);
  // Takes the locks of the studies that this process coordinates again; those that somebody else has meanwhile are
  // lost.
  void lock_again(int earlier_backend);

  [[nodiscard]] double now() const { return store::now() + db_->clock_offset(); }  // by the server's clock
  Result<void> check(const Coordinator& coordinator);
  // The row of the study's last coordinator.
  struct Holder {
    std::uint64_t epoch = 0;
    bool held = false;
    ProcessIdentity process;
    double since = 0, renewed_at = 0;
    bool locked = false;  // its session lives
  };
  std::optional<Holder> last_holder(StudyId study);
  bool try_lock(StudyId study);
  // Ends the session that holds the study's lock, if it is `backend` or that is 0.
  void end_holder(StudyId study, std::int64_t backend);
  Result<StudyState> state_of(StudyId study);
  Result<LeaseState> open_state(StudyId study);
  bool end_attempt(const Lease& lease, FailureReason reason, std::string_view message);
  Result<LeaseState> queue_again(const Lease& lease, FailureReason reason, std::string_view message);
  std::vector<PluginRecord> plugins_of(StudyId study);
  Result<const ParameterNames*> names_of(StudyId study);
  Result<void> insert(StudyId study, const Trial& trial, std::optional<std::uint64_t> landed);
  Result<void> insert(StudyId study, const QueuedConfiguration& queued);
  Result<std::optional<QueuedConfiguration>> queued_from(Query& row);
  Result<std::optional<QueuedConfiguration>> find_queued(StudyId study, TrialId trial);
  void set_result(StudyId study, TrialId id, const Trial& result, double finished_at, std::uint64_t landed);
  std::optional<TrialState> stored_state(StudyId study, TrialId trial);
  // The first of `count` numbers; until the commit nobody else gets any.
  std::uint64_t next_landed(StudyId study, std::size_t count = 1);
  Result<Trial> trial_from(Query& row);
  Result<std::vector<Trial>> trials_from(Query& rows);
  Result<std::vector<ReportRecord>> reports_from(Query& rows);
  Result<std::vector<LeaseRecord>> leases_from(Query& rows);
  Error damaged(std::string_view row) const;

  std::mutex mutex_;
  std::unique_ptr<Database> db_;
  std::unordered_map<StudyId, ParameterNames> names_;
  std::map<StudyId, std::uint64_t> held_;  // epochs of the studies whose lock this connection holds
  std::uint64_t own_commits_ = 0;
};

class PostgresqlStore::Patience {
 public:
  // Empty when the time is over; else waits before the next try.
  bool wait();
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  static double given_seconds();
  double seconds_ = given_seconds();
  std::optional<Clock::time_point> until_;
  std::chrono::milliseconds pause_{20};
};

template <class Body>
auto PostgresqlStore::write(Body&& body, Tell tell) -> decltype(body()) {
  const std::lock_guard lock(mutex_);
  for (Patience patience;;) {
    db_->begin();
    decltype(body()) result = db_->ok() ? body() : decltype(body())(tl::unexpected<Error>(Error{}));
    if (db_->ok() && result) db_->commit(tell == Tell::everybody);
    if (db_->ok()) {
      if (result) ++own_commits_;
      if (!result) db_->rollback();
      return result;
    }
    switch (recover(patience)) {
      case After::committed:
        ++own_commits_;
        return result;
      case After::repeat:
        continue;
      case After::give_up:
        return tl::unexpected<Error>(*db_->take_error());
    }
  }
}

template <class Body>
auto PostgresqlStore::read(Body&& body) -> decltype(body()) {
  const std::lock_guard lock(mutex_);
  for (Patience patience;;) {
    decltype(body()) result = body();
    if (db_->ok()) return result;
    if (recover(patience) == After::give_up) return tl::unexpected<Error>(*db_->take_error());
  }
}

template <class Body>
auto PostgresqlStore::write_as(const Coordinator& coordinator, Body&& body, Tell tell) -> decltype(body()) {
  return write(
      [&]() -> decltype(body()) {
        if (auto right = check(coordinator); !right) return tl::unexpected<Error>(right.error());
        return body();
      },
      tell);
}

}  // namespace nascent::core::store::postgresql
