#include "measured_store.hpp"

#include <algorithm>

namespace nascent::core::simulation {

std::vector<StoreCall> MeasuredStore::calls() const {
  std::vector<StoreCall> all;
  for (const auto& [name, count] : counts_) all.push_back({std::string(name), count.calls, count.seconds});
  std::ranges::stable_sort(all, std::greater(), &StoreCall::seconds);
  return all;
}

Result<std::uint64_t> MeasuredStore::version() {
  return timed("version", [&] { return store_.version(); });
}

Result<StudyId> MeasuredStore::create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue) {
  return timed("create_study", [&] { return store_.create_study(study, queue); });
}

Result<std::optional<StudyRecord>> MeasuredStore::study(std::string_view name) {
  return timed("study", [&] { return store_.study(name); });
}

Result<std::vector<StudyRecord>> MeasuredStore::studies() {
  return timed("studies", [&] { return store_.studies(); });
}

Result<StudyState> MeasuredStore::study_state(StudyId study) {
  return timed("study_state", [&] { return store_.study_state(study); });
}

Result<Coordinator> MeasuredStore::acquire_coordinator(StudyId study, double stale_after_seconds) {
  return timed("acquire_coordinator", [&] { return store_.acquire_coordinator(study, stale_after_seconds); });
}

Result<std::optional<CoordinatorRecord>> MeasuredStore::coordinator(StudyId study, double stale_after_seconds) {
  return timed("coordinator", [&] { return store_.coordinator(study, stale_after_seconds); });
}

Result<void> MeasuredStore::renew(const Coordinator& coordinator) {
  return timed("renew", [&] { return store_.renew(coordinator); });
}

Result<void> MeasuredStore::release(const Coordinator& coordinator) {
  return timed("release", [&] { return store_.release(coordinator); });
}

Result<void> MeasuredStore::set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) {
  return timed("set_study_state", [&] { return store_.set_study_state(coordinator, state, reason); });
}

Result<void> MeasuredStore::set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) {
  return timed("set_resolved_config", [&] { return store_.set_resolved_config(coordinator, resolved_config); });
}

Result<void> MeasuredStore::enqueue(const Coordinator& coordinator, std::span<const Trial> trials) {
  return timed("enqueue", [&] { return store_.enqueue(coordinator, trials); });
}

Result<void> MeasuredStore::record_finished(const Coordinator& coordinator, std::span<const Trial> trials) {
  return timed("record_finished", [&] { return store_.record_finished(coordinator, trials); });
}

Result<void> MeasuredStore::set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) {
  return timed("set_accepted", [&] { return store_.set_accepted(coordinator, accepted); });
}

Result<void> MeasuredStore::set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) {
  return timed("set_verdict", [&] { return store_.set_verdict(coordinator, report, verdict); });
}

Result<void> MeasuredStore::set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given) {
  return timed("set_verdicts", [&] { return store_.set_verdicts(coordinator, given); });
}

Result<std::optional<QueuedConfiguration>> MeasuredStore::take_queued(const Coordinator& coordinator, TrialId trial) {
  return timed("take_queued", [&] { return store_.take_queued(coordinator, trial); });
}

Result<LeaseState> MeasuredStore::requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                                          std::string_view message) {
  return timed("requeue", [&] { return store_.requeue(coordinator, lease, reason, message); });
}

Result<void> MeasuredStore::promote(const Coordinator& coordinator, TrialId trial) {
  return timed("promote", [&] { return store_.promote(coordinator, trial); });
}

Result<std::optional<Store::LeasedTrial>> MeasuredStore::lease(StudyId study, std::string_view worker,
                                                               double lease_seconds, std::optional<TrialRole> role) {
  return timed("lease", [&] { return store_.lease(study, worker, lease_seconds, role); });
}

Result<LeaseState> MeasuredStore::heartbeat(const Lease& lease, double lease_seconds) {
  return timed("heartbeat", [&] { return store_.heartbeat(lease, lease_seconds); });
}

Result<ReportReceipt> MeasuredStore::report(const Lease& lease, const Report& report, VerdictWanted wanted) {
  return timed("report", [&] { return store_.report(lease, report, wanted); });
}

Result<std::optional<Verdict>> MeasuredStore::verdict(const Lease& lease, std::uint32_t number) {
  return timed("verdict", [&] { return store_.verdict(lease, number); });
}

Result<LeaseState> MeasuredStore::finish(const Lease& lease, const Trial& result) {
  return timed("finish", [&] { return store_.finish(lease, result); });
}

Result<LeaseState> MeasuredStore::give_back(const Lease& lease, FailureReason reason, std::string_view message) {
  return timed("give_back", [&] { return store_.give_back(lease, reason, message); });
}

Result<std::uint64_t> MeasuredStore::copy_artifacts(const Coordinator& coordinator, TrialId from, std::string_view folder, TrialId to,
                                                    std::string_view as) {
  return timed("copy_artifacts", [&] { return store_.copy_artifacts(coordinator, from, folder, to, as); });
}

Result<LeaseState> MeasuredStore::put_artifacts(const Lease& lease, std::span<const Artifact> artifacts) {
  return timed("put_artifacts", [&] { return store_.put_artifacts(lease, artifacts); });
}

Result<std::vector<Artifact>> MeasuredStore::artifacts(StudyId study, TrialId trial) {
  return timed("artifacts", [&] { return store_.artifacts(study, trial); });
}

Result<TrialTally> MeasuredStore::tally(StudyId study) {
  return timed("tally", [&] { return store_.tally(study); });
}

Result<std::vector<Trial>> MeasuredStore::trials(StudyId study, const TrialFilter& filter) {
  return timed("trials", [&] { return store_.trials(study, filter); });
}

Result<std::optional<Trial>> MeasuredStore::trial(StudyId study, TrialId trial) {
  return timed("trial", [&] { return store_.trial(study, trial); });
}

Result<FinishedTrials> MeasuredStore::finished_since(StudyId study, std::uint64_t cursor) {
  return timed("finished_since", [&] { return store_.finished_since(study, cursor); });
}

Result<std::vector<ReportRecord>> MeasuredStore::reports(StudyId study, TrialId trial) {
  return timed("reports", [&] { return store_.reports(study, trial); });
}

Result<std::vector<std::vector<ReportRecord>>> MeasuredStore::pauses(StudyId study, TrialId trial) {
  return timed("pauses", [&] { return store_.pauses(study, trial); });
}

Result<std::vector<ReportRecord>> MeasuredStore::reports_awaiting_verdict(StudyId study) {
  return timed("reports_awaiting_verdict", [&] { return store_.reports_awaiting_verdict(study); });
}

Result<std::vector<LeaseRecord>> MeasuredStore::open_leases(StudyId study) {
  return timed("open_leases", [&] { return store_.open_leases(study); });
}

Result<std::vector<LeaseRecord>> MeasuredStore::expired_leases(StudyId study) {
  return timed("expired_leases", [&] { return store_.expired_leases(study); });
}

Result<std::vector<LeaseRecord>> MeasuredStore::attempts(StudyId study, TrialId trial) {
  return timed("attempts", [&] { return store_.attempts(study, trial); });
}

Result<void> MeasuredStore::queue_configurations(StudyId study, std::span<const QueuedConfiguration> added) {
  return timed("queue_configurations", [&] { return store_.queue_configurations(study, added); });
}

Result<std::vector<QueuedConfiguration>> MeasuredStore::queued_configurations(StudyId study) {
  return timed("queued_configurations", [&] { return store_.queued_configurations(study); });
}

Result<void> MeasuredStore::add_event(StudyId study, std::string_view kind, std::string_view data_json) {
  return timed("add_event", [&] { return store_.add_event(study, kind, data_json); });
}

Result<std::vector<EventRecord>> MeasuredStore::events(StudyId study, std::uint64_t after_id) {
  return timed("events", [&] { return store_.events(study, after_id); });
}

Result<void> MeasuredStore::record_test_opening(StudyId study, TrialId trial, std::string_view purpose) {
  return timed("record_test_opening", [&] { return store_.record_test_opening(study, trial, purpose); });
}

Result<std::vector<TestOpening>> MeasuredStore::test_openings(StudyId study) {
  return timed("test_openings", [&] { return store_.test_openings(study); });
}

}  // namespace nascent::core::simulation
