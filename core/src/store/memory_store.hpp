// The engine for studies that end with their process: plain data structures, no disk.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "codec.hpp"
#include "nascent/core/store.hpp"
#include "process.hpp"

namespace nascent::core::store {

inline const std::string kName = ":memory:";

class MemoryStore final : public Store {
 public:
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
  Result<std::optional<QueuedConfiguration>> take_queued(const Coordinator& coordinator, TrialId trial) override;
  Result<LeaseState> requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                             std::string_view message) override;
  Result<std::uint64_t> copy_artifacts(const Coordinator& coordinator, TrialId from, std::string_view folder, TrialId to,
                                       std::string_view as) override;
  Result<void> promote(const Coordinator& coordinator, TrialId trial) override;

  Result<std::optional<LeasedTrial>> lease(StudyId study, std::string_view worker, double lease_seconds,
                                           std::optional<TrialRole> role) override;
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

 private:
  struct Entry {
    Trial trial;
    std::size_t landed = 0;  // from 1; 0: still in the hands of a worker, or queued

    void set_result(const Trial& result, double finished_at);
  };
  // What only trials that were leased have.
  struct Attempts {
    std::vector<LeaseRecord> leases;
    std::vector<ReportRecord> reports;
  };
  struct Holder {
    ProcessIdentity process;
    double since = 0, renewed_at = 0;
  };
  struct Study {
    StudyRecord record;
    ParameterNames names;
    std::uint64_t epoch = 0;
    std::optional<Holder> holder;
    std::deque<Entry> entries;  // by trial id
    std::set<TrialId> queued;
    std::vector<TrialId> landings;  // landings[i] landed as i + 1; outdated where its entry says otherwise
    std::map<TrialId, Attempts> attempts;
    std::set<TrialId> open;  // trials whose last attempt is open
    std::set<TrialId> awaiting;  // of these, those with a report that awaits its verdict
    std::vector<QueuedConfiguration> queue;
    std::size_t n_given = 0;  // of the queue, the first ones, to trials that ascend
    std::map<TrialId, std::vector<Artifact>> artifacts;
    std::vector<EventRecord> events;
    std::vector<TestOpening> openings;

    Entry* find(TrialId trial);
    // All or none: whether every one of `trials` may be stored as what it is going to be.
    enum class As { queued, finished };
    Result<void> admit(std::span<const Trial> trials, As as);
    void insert(Entry entry);
    void land(Entry& entry);
    // All or none.
    Result<void> add_to_queue(std::span<const QueuedConfiguration> added);
    LeaseRecord* open_lease(const Lease& lease);
    LeaseState open_state() const;
    bool end_attempt(const Lease& lease, FailureReason reason, std::string_view message);
    LeaseState queue_again(const Lease& lease, FailureReason reason, std::string_view message);
  };

  Study* find(StudyId study);
  // The study, when `coordinator` holds it.
  Result<Study*> held(const Coordinator& coordinator);

  std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::deque<Study> studies_;  // study id - 1
};

}  // namespace nascent::core::store
