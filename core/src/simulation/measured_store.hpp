// Passes every call on to another store, and counts what each takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "nascent/core/simulation.hpp"
#include "nascent/core/store.hpp"

namespace nascent::core::simulation {

// One thread.
class MeasuredStore final : public Store {
 public:
  explicit MeasuredStore(Store& store) : store_(store) {}
  // The longest first.
  [[nodiscard]] std::vector<StoreCall> calls() const;

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
  Result<TrialTally> tally(StudyId study) override;
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
  struct Count {
    std::uint64_t calls = 0;
    double seconds = 0;
  };
  template <class Call>
  auto timed(std::string_view name, Call&& call) -> decltype(call()) {
    const auto start = std::chrono::steady_clock::now();
    auto result = call();
    Count& count = counts_[name];
    ++count.calls;
    count.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  }

  Store& store_;
  std::map<std::string_view, Count> counts_;
};

}  // namespace nascent::core::simulation
