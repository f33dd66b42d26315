// The engine that keeps a store in one SQLite file, for any number of processes on one machine.
#pragma once

#include <chrono>
#include <mutex>
#include <unordered_map>

#include "codec.hpp"
#include "nascent/core/store.hpp"
#include "process.hpp"
#include "sqlite.hpp"

namespace nascent::core::store {

// One connection behind a mutex. Every change is one transaction that takes the write lock at its start, so that what
// it reads cannot change under it.
class SqliteStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& path, OpenMode mode);

  explicit SqliteStore(std::unique_ptr<Database> database) : db_(std::move(database)) {}

  Result<std::uint64_t> version() override;

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
  Result<void> set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given) override;
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
  Result<TrialTally> tally(StudyId study) override;
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
  // When a commit reaches the disk itself, not only the operating system. A killed process loses nothing either way;
  // this is about a machine that loses power.
  enum class Sync {
    paced,  // when the last one is kSyncInterval old: a burst of cheap trials shares one
    now,
  };

  // Runs `body` -> Result<T> as one transaction: committed when it and all its statements succeed, else undone.
  template <class Body>
  auto write(Body&& body, Sync sync = Sync::paced) -> decltype(body());
  // Runs `body` -> Result<T> on committed data.
  template <class Body>
  auto read(Body&& body) -> decltype(body());
  // A change that only the current coordinator may make.
  template <class Body>
  auto write_as(const Coordinator& coordinator, Body&& body, Sync sync = Sync::paced) -> decltype(body());

  Result<void> check(const Coordinator& coordinator);
  // The row of the study's last coordinator.
  struct Holder {
    std::uint64_t epoch = 0;
    bool held = false;
    ProcessIdentity process;
    double since = 0, renewed_at = 0;
  };
  std::optional<Holder> last_holder(StudyId study);
  Result<StudyState> state_of(StudyId study);
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
  Result<std::optional<QueuedConfiguration>> queued_from(Query& row);
  // The one given to `trial`, or else the first that waits.
  Result<std::optional<QueuedConfiguration>> find_queued(StudyId study, TrialId trial);
  void set_result(StudyId study, TrialId id, const Trial& result, double finished_at, std::uint64_t landed);
  std::optional<TrialState> stored_state(StudyId study, TrialId trial);
  std::uint64_t next_landed(StudyId study);
  Result<std::optional<Trial>> stored_trial(StudyId study, TrialId trial);
  Result<Trial> trial_from(Query& row);
  Result<std::vector<Trial>> trials_from(Query& rows);
  Result<std::vector<ReportRecord>> reports_from(Query& rows);
  Result<std::vector<LeaseRecord>> leases_from(Query& rows);
  Error damaged(std::string_view row) const;
  void set_synchronous(bool full);

  std::mutex mutex_;
  std::unique_ptr<Database> db_;
  std::unordered_map<StudyId, ParameterNames> names_;
  std::uint64_t own_commits_ = 0;
  bool synchronous_full_ = false;
  std::chrono::steady_clock::time_point last_sync_{};
};

inline constexpr std::chrono::milliseconds kSyncInterval{100};

template <class Body>
auto SqliteStore::write(Body&& body, Sync sync) -> decltype(body()) {
  const std::lock_guard lock(mutex_);
  const auto start = std::chrono::steady_clock::now();
  set_synchronous(sync == Sync::now || start - last_sync_ >= kSyncInterval);
  db_->begin();
  if (auto error = db_->take_error()) return tl::unexpected<Error>(std::move(*error));
  auto result = body();
  if (result && db_->ok()) db_->commit();
  if (!result || !db_->ok()) db_->rollback();
  if (auto error = db_->take_error()) return tl::unexpected<Error>(std::move(*error));
  if (result) {
    ++own_commits_;
    if (synchronous_full_) last_sync_ = start;
  }
  return result;
}

template <class Body>
auto SqliteStore::read(Body&& body) -> decltype(body()) {
  const std::lock_guard lock(mutex_);
  auto result = body();
  if (auto error = db_->take_error()) return tl::unexpected<Error>(std::move(*error));
  return result;
}

template <class Body>
auto SqliteStore::write_as(const Coordinator& coordinator, Body&& body, Sync sync) -> decltype(body()) {
  return write(
      [&]() -> decltype(body()) {
        if (auto right = check(coordinator); !right) return tl::unexpected<Error>(right.error());
        return body();
      },
      sync);
}

}  // namespace nascent::core::store
