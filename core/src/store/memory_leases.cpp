// Attempts of the engine in memory.
#include <algorithm>

#include "clock.hpp"
#include "memory_store.hpp"
#include "pauses.hpp"
#include "refusals.hpp"

namespace nascent::core::store {

LeaseRecord* MemoryStore::Study::open_lease(const Lease& lease) {
  const auto found = attempts.find(lease.trial);
  if (found == attempts.end()) return nullptr;
  LeaseRecord& last = found->second.leases.back();
  return last.lease == lease && !last.ended_at ? &last : nullptr;
}

LeaseState MemoryStore::Study::open_state() const {
  return record.state == StudyState::running ? LeaseState::held : LeaseState::stop;
}

bool MemoryStore::Study::end_attempt(const Lease& lease, FailureReason reason, std::string_view message) {
  LeaseRecord* attempt = open_lease(lease);
  if (attempt == nullptr) return false;
  attempt->ended_at = now();
  attempt->reason = reason;
  attempt->message = message;
  open.erase(lease.trial);
  awaiting.erase(lease.trial);
  return true;
}

Result<std::optional<Store::LeasedTrial>> MemoryStore::lease(StudyId id, std::string_view worker,
                                                             double lease_seconds, std::optional<TrialRole> role) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  if (study == nullptr) return std::nullopt;
  const auto next = std::ranges::find_if(
      study->queued, [&](TrialId queued) { return !role || study->find(queued)->trial.role == *role; });
  if (next == study->queued.end()) return std::nullopt;
  Trial& trial = study->find(*next)->trial;
  study->queued.erase(next);
  study->open.insert(trial.id);
  const double at = now();
  trial.state = TrialState::running;
  trial.attempts += 1;
  trial.worker = worker;
  trial.started_at = at;
  const Lease lease{id, trial.id, trial.attempts};
  study->attempts[trial.id].leases.push_back(
      {lease, trial.worker, at, at + lease_seconds, std::nullopt, FailureReason::none, ""});
  ++version_;
  return LeasedTrial{lease, trial};
}

Result<LeaseState> MemoryStore::heartbeat(const Lease& lease, double lease_seconds) {
  const std::lock_guard lock(mutex_);
  Study* study = find(lease.study);
  LeaseRecord* attempt = study == nullptr ? nullptr : study->open_lease(lease);
  if (attempt == nullptr) return LeaseState::lost;
  attempt->expires_at = now() + lease_seconds;
  ++version_;
  return study->open_state();
}

Result<ReportReceipt> MemoryStore::report(const Lease& lease, const Report& report, VerdictWanted wanted) {
  const std::lock_guard lock(mutex_);
  Study* study = find(lease.study);
  if (study == nullptr || study->open_lease(lease) == nullptr) return ReportReceipt{};
  auto& reports = study->attempts[lease.trial].reports;
  const bool first = reports.empty() || reports.back().attempt != lease.attempt;
  const std::uint32_t number = first ? 0 : reports.back().number + 1;
  reports.push_back({lease.trial, lease.attempt, number, report, now(), wanted == VerdictWanted::yes, std::nullopt});
  if (wanted == VerdictWanted::yes) study->awaiting.insert(lease.trial);
  ++version_;
  return ReportReceipt{study->open_state(), number};
}

Result<void> MemoryStore::set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  if (const auto found = (*study)->attempts.find(report.trial); found != (*study)->attempts.end()) {
    for (ReportRecord& record : found->second.reports) {
      if (record.attempt != report.attempt || record.number != report.number) continue;
      if (!record.verdict_wanted || record.verdict) break;
      record.verdict = verdict;
      const auto awaits = [&](const ReportRecord& other) {
        return other.attempt == report.attempt && other.verdict_wanted && !other.verdict;
      };
      if (std::ranges::none_of(found->second.reports, awaits)) (*study)->awaiting.erase(report.trial);
      ++version_;
      return {};
    }
  }
  return no_report(kName, report);
}

Result<std::optional<Verdict>> MemoryStore::verdict(const Lease& lease, std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  const Study* study = find(lease.study);
  if (study == nullptr) return std::nullopt;
  if (const auto found = study->attempts.find(lease.trial); found != study->attempts.end()) {
    for (const ReportRecord& record : found->second.reports) {
      if (record.attempt == lease.attempt && record.number == number) return record.verdict;
    }
  }
  return std::nullopt;
}

Result<LeaseState> MemoryStore::finish(const Lease& lease, const Trial& result) {
  const std::lock_guard lock(mutex_);
  if (!result.finished() && result.state != TrialState::paused) return not_ended(kName, lease.trial);
  Study* study = find(lease.study);
  const std::string_view message = result.state == TrialState::paused ? kPausedMessage : result.message;
  if (study == nullptr || !study->end_attempt(lease, result.reason, message)) return LeaseState::lost;
  Entry& entry = *study->find(lease.trial);
  entry.set_result(result, now());
  study->land(entry);
  if (result.state == TrialState::failed || result.state == TrialState::invalid) study->artifacts.erase(lease.trial);
  ++version_;
  return study->open_state();
}

Result<LeaseState> MemoryStore::put_artifacts(const Lease& lease, std::span<const Artifact> artifacts) {
  const std::lock_guard lock(mutex_);
  Study* study = find(lease.study);
  const Entry* entry = study == nullptr ? nullptr : study->find(lease.trial);
  if (entry == nullptr || entry->trial.attempts != lease.attempt) return LeaseState::lost;
  if (entry->trial.state != TrialState::running && entry->trial.state != TrialState::queued) return LeaseState::lost;
  std::vector<Artifact>& kept = study->artifacts[lease.trial];
  kept.assign(artifacts.begin(), artifacts.end());
  std::ranges::sort(kept, {}, &Artifact::path);
  ++version_;
  return study->open_state();
}

Result<std::uint64_t> MemoryStore::copy_artifacts(const Coordinator& coordinator, TrialId from, std::string_view folder, TrialId to,
                                                  std::string_view as) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  std::vector<Artifact> copies;
  for (const Artifact& artifact : (*study)->artifacts[from]) {
    if (!artifact.path.starts_with(std::string(folder) + "/")) continue;
    copies.push_back({std::string(as) + artifact.path.substr(folder.size()), artifact.bytes});
  }
  const std::uint64_t n = copies.size();
  (*study)->artifacts[to] = std::move(copies);
  ++version_;
  return n;
}

Result<std::vector<Artifact>> MemoryStore::artifacts(StudyId id, TrialId trial) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  if (study == nullptr || !study->artifacts.contains(trial)) return std::vector<Artifact>{};
  return study->artifacts.at(trial);
}

LeaseState MemoryStore::Study::queue_again(const Lease& lease, FailureReason reason, std::string_view message) {
  if (!end_attempt(lease, reason, message)) return LeaseState::lost;
  Trial& trial = find(lease.trial)->trial;
  trial.state = TrialState::queued;
  trial.started_at = 0;
  queued.insert(trial.id);
  return open_state();
}

Result<LeaseState> MemoryStore::requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                                        std::string_view message) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  if (lease.study != coordinator.study) return LeaseState::lost;
  ++version_;
  return (*study)->queue_again(lease, reason, message);
}

Result<LeaseState> MemoryStore::give_back(const Lease& lease, FailureReason reason, std::string_view message) {
  const std::lock_guard lock(mutex_);
  Study* study = find(lease.study);
  if (study == nullptr) return LeaseState::lost;
  ++version_;
  return study->queue_again(lease, reason, message);
}

Result<std::vector<ReportRecord>> MemoryStore::reports(StudyId id, TrialId trial) {
  const std::lock_guard lock(mutex_);
  std::vector<ReportRecord> reports;
  Study* study = find(id);
  const Entry* entry = study == nullptr ? nullptr : study->find(trial);
  if (entry == nullptr) return reports;
  if (const auto found = study->attempts.find(trial); found != study->attempts.end()) {
    std::ranges::copy_if(found->second.reports, std::back_inserter(reports),
                         [&](const ReportRecord& record) { return record.attempt == entry->trial.attempts; });
  }
  return reports;
}

Result<std::vector<std::vector<ReportRecord>>> MemoryStore::pauses(StudyId id, TrialId trial) {
  const std::lock_guard lock(mutex_);
  std::vector<ReportRecord> reports;
  Study* study = find(id);
  if (study == nullptr || !study->attempts.contains(trial)) return by_attempt(reports);
  const Attempts& of = study->attempts.at(trial);
  std::ranges::copy_if(of.reports, std::back_inserter(reports), [&](const ReportRecord& record) {
    return of.leases[record.attempt - 1].message == kPausedMessage;
  });
  return by_attempt(reports);
}

Result<std::vector<ReportRecord>> MemoryStore::reports_awaiting_verdict(StudyId id) {
  const std::lock_guard lock(mutex_);
  std::vector<ReportRecord> awaiting;
  const Study* study = find(id);
  if (study == nullptr) return awaiting;
  for (const TrialId trial : study->awaiting) {
    const Attempts& of = study->attempts.at(trial);
    std::ranges::copy_if(of.reports, std::back_inserter(awaiting), [&](const ReportRecord& record) {
      return record.attempt == of.leases.back().lease.attempt && record.verdict_wanted && !record.verdict;
    });
  }
  return awaiting;
}

Result<std::vector<LeaseRecord>> MemoryStore::open_leases(StudyId id) {
  const std::lock_guard lock(mutex_);
  std::vector<LeaseRecord> leases;
  if (const Study* study = find(id)) {
    for (const TrialId trial : study->open) leases.push_back(study->attempts.at(trial).leases.back());
  }
  return leases;
}

Result<std::vector<LeaseRecord>> MemoryStore::expired_leases(StudyId id) {
  const std::lock_guard lock(mutex_);
  std::vector<LeaseRecord> expired;
  const Study* study = find(id);
  if (study == nullptr) return expired;
  for (const double at = now(); const TrialId trial : study->open) {
    const LeaseRecord& last = study->attempts.at(trial).leases.back();
    if (last.expires_at <= at) expired.push_back(last);
  }
  return expired;
}

Result<std::vector<LeaseRecord>> MemoryStore::attempts(StudyId id, TrialId trial) {
  const std::lock_guard lock(mutex_);
  const Study* study = find(id);
  if (study == nullptr) return std::vector<LeaseRecord>{};
  const auto found = study->attempts.find(trial);
  return found == study->attempts.end() ? std::vector<LeaseRecord>{} : found->second.leases;
}

}  // namespace nascent::core::store
