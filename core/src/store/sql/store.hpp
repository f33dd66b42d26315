// What the engines over SQL databases have in common: the tables, and nearly all of the statements.
#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>

#include "nascent/core/store.hpp"
#include "store/codec.hpp"
#include "store/sql/database.hpp"

namespace nascent::core::store {

// In the order in which trial_from() reads them.
inline constexpr std::string_view kTrialColumns =
    "id, role, state, reason, message, configuration, seed, architecture_hash, duplicate_of, parent, budget_spent, "
    "metrics, details, accepted, attempts, worker, queued_at, started_at, finished_at, cost_seconds, artifact_dir";

// What a dialect adds to statements that both engines have. Empty: nothing.
struct Dialect {
  std::string_view for_share, for_update;        // at the end of a SELECT: nobody changes these rows until the commit
  std::string_view by_landed, by_open, by_awaiting;  // behind a table: the index that the planner has to use
  std::string_view verdict_wanted;               // the condition, as that index has it
};

// One connection behind a mutex; an engine says how it makes a transaction of some statements, and does by itself what its
// database has a way of its own for: the right to coordinate, handing out a trial, the order of landing.
class SqlStore : public Store {
 public:
  Result<StudyId> create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue) override;
  Result<std::optional<StudyRecord>> study(std::string_view name) override;
  Result<std::vector<StudyRecord>> studies() override;
  Result<StudyState> study_state(StudyId study) override;

  Result<void> renew(const Coordinator& coordinator) override;
  Result<void> release(const Coordinator& coordinator) override;
  Result<void> set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) override;
  Result<void> set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) override;
  Result<void> enqueue(const Coordinator& coordinator, std::span<const Trial> trials) override;
  Result<void> record_finished(const Coordinator& coordinator, std::span<const Trial> trials) override;
  Result<void> set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) override;
  Result<void> set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) override;
  Result<void> set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given) override;
  Result<std::optional<QueuedConfiguration>> take_queued(const Coordinator& coordinator, TrialId trial) override;
  Result<LeaseState> requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                             std::string_view message) override;
  Result<std::uint64_t> copy_artifacts(const Coordinator& coordinator, TrialId from, std::string_view folder, TrialId to,
                                       std::string_view as) override;
  Result<void> promote(const Coordinator& coordinator, TrialId trial) override;

  Result<LeaseState> heartbeat(const Lease& lease, double lease_seconds) override;
  Result<ReportReceipt> report(const Lease& lease, const Report& report, VerdictWanted wanted) override;
  Result<std::optional<Verdict>> verdict(const Lease& lease, std::uint32_t number) override;
  Result<LeaseState> finish(const Lease& lease, const Trial& result) override;
  Result<LeaseState> give_back(const Lease& lease, FailureReason reason, std::string_view message) override;
  Result<LeaseState> put_artifacts(const Lease& lease, std::span<const Artifact> artifacts) override;

  Result<std::vector<Trial>> trials(StudyId study, const TrialFilter& filter) override;
  Result<std::optional<Trial>> trial(StudyId study, TrialId trial) override;
  Result<FinishedTrials> finished_since(StudyId study, std::uint64_t cursor) override;
  Result<std::vector<ReportRecord>> reports(StudyId study, TrialId trial) override;
  Result<std::vector<std::vector<ReportRecord>>> pauses(StudyId study, TrialId trial) override;
  Result<std::vector<ReportRecord>> reports_awaiting_verdict(StudyId study) override;
  Result<std::vector<LeaseRecord>> open_leases(StudyId study) override;
  Result<std::vector<LeaseRecord>> expired_leases(StudyId study) override;
  Result<std::vector<LeaseRecord>> attempts(StudyId study, TrialId trial) override;
  Result<std::vector<Artifact>> artifacts(StudyId study, TrialId trial) override;

  Result<void> queue_configurations(StudyId study, std::span<const QueuedConfiguration> added) override;
  Result<std::vector<QueuedConfiguration>> queued_configurations(StudyId study) override;

  Result<void> add_event(StudyId study, std::string_view kind, std::string_view data_json) override;
  Result<std::vector<EventRecord>> events(StudyId study, std::uint64_t after_id) override;
  Result<void> record_test_opening(StudyId study, TrialId trial, std::string_view purpose) override;
  Result<std::vector<TestOpening>> test_openings(StudyId study) override;

 protected:
  // `database` is the engine's own and outlives this.
  SqlStore(SqlDatabase& database, const Dialect& dialect) : sql_(database), dialect_(dialect) {}

  // What a change is to others.
  enum class Change {
    sign_of_life,  // nobody waits for it
    ordinary,
    landmark,  // worth waiting until it is on the disk itself
  };

  // Runs `body` -> Result<T> as one transaction: committed when it and all its statements succeed, else undone. It may
  // run several times.
  template <class Body>
  auto write(Body&& body, Change change = Change::ordinary) -> decltype(body()) {
    const std::lock_guard lock(mutex_);
    decltype(body()) result = tl::unexpected<Error>(Error{});
    auto done = transact([&] { return (result = body()).has_value(); }, change);
    if (!done) return tl::unexpected<Error>(std::move(done.error()));
    return result;
  }
  // Runs `body` -> Result<T> on committed data. It may run several times.
  template <class Body>
  auto read(Body&& body) -> decltype(body()) {
    const std::lock_guard lock(mutex_);
    decltype(body()) result = tl::unexpected<Error>(Error{});
    auto done = look([&] { result = body(); });
    if (!done) return tl::unexpected<Error>(std::move(done.error()));
    return result;
  }
  // A change that only the current coordinator may make.
  template <class Body>
  auto write_as(const Coordinator& coordinator, Body&& body, Change change = Change::ordinary) -> decltype(body()) {
    return write(
        [&]() -> decltype(body()) {
          if (auto right = check(coordinator); !right) return tl::unexpected<Error>(right.error());
          return body();
        },
        change);
  }

  // The engine's part. All but now() are called with the mutex held; an error is the database's, not the body's.
  virtual Result<void> transact(const std::function<bool()>& body, Change change) = 0;
  virtual Result<void> look(const std::function<void()>& body) = 0;
  [[nodiscard]] virtual double now() const = 0;
  // Within a transaction: the first of `count` numbers that nobody else gets.
  virtual std::uint64_t next_landed(StudyId study, std::size_t count) = 0;
  // Within a transaction: whoever else adds to the study's diary waits for its end.
  virtual void take_turn(StudyId) {}
  // Within the transaction that made the study, and within one that gives up the right to coordinate it.
  virtual void on_created(StudyId) {}
  virtual void on_released(StudyId) {}

  Result<StudyState> state_of(StudyId study);
  Result<std::optional<Trial>> stored_trial(StudyId study, TrialId trial);
  Result<Trial> trial_from(Rows& row);
  [[nodiscard]] Error damaged(std::string_view row) const;

 private:
  Result<void> check(const Coordinator& coordinator);
  // For an attempt that is open: held, or stop.
  Result<LeaseState> open_state(StudyId study);
  // False when the attempt had ended already.
  bool end_attempt(const Lease& lease, FailureReason reason, std::string_view message);
  Result<LeaseState> queue_again(const Lease& lease, FailureReason reason, std::string_view message);
  std::vector<PluginRecord> plugins_of(StudyId study);
  Result<const ParameterNames*> names_of(StudyId study);
  Result<void> insert(StudyId study, const Trial& trial, std::optional<std::uint64_t> landed);
  // Appends to the queue.
  Result<void> insert(StudyId study, const QueuedConfiguration& queued);
  Result<std::optional<QueuedConfiguration>> queued_from(Rows& row);
  // The one given to `trial`, or else the first that waits.
  Result<std::optional<QueuedConfiguration>> find_queued(StudyId study, TrialId trial);
  void set_result(StudyId study, TrialId id, const Trial& result, double finished_at, std::uint64_t landed);
  void drop_artifacts(StudyId study, TrialId trial);
  std::optional<TrialState> stored_state(StudyId study, TrialId trial);
  Result<std::vector<ReportRecord>> reports_from(Rows& rows);
  Result<std::vector<LeaseRecord>> leases_from(Rows& rows);

  std::mutex mutex_;
  SqlDatabase& sql_;
  const Dialect& dialect_;
  std::unordered_map<StudyId, ParameterNames> names_;
};

// "($1, $2, $3)"
std::string placeholders(int count);

}  // namespace nascent::core::store
