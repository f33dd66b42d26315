// Attempts: handing trials to workers, hearing from them, and taking their results exactly once.
#include <fmt/format.h>

#include "clock.hpp"
#include "pauses.hpp"
#include "refusals.hpp"
#include "sqlite_store.hpp"

namespace nascent::core::store {

Result<std::optional<Store::LeasedTrial>> SqliteStore::lease(StudyId study, std::string_view worker,
                                                             double lease_seconds, std::optional<TrialRole> role) {
  const auto oldest_queued = [&]() -> Result<std::optional<TrialId>> {
    Query row = db_->query(
        "SELECT id FROM trials INDEXED BY trials_queued WHERE study_id = ?1 AND state = 'queued' AND ?2 IN ('', role) "
        "ORDER BY id LIMIT 1",
        study, role ? name_of(*role) : std::string_view());
    return row.next() ? std::optional(static_cast<TrialId>(row.integer())) : std::nullopt;
  };
  // Most calls of an idle worker find nothing: ask before taking the right to write.
  const auto waiting = read(oldest_queued);
  if (!waiting) return tl::unexpected<Error>(waiting.error());
  if (!*waiting) return std::nullopt;
  return write([&]() -> Result<std::optional<LeasedTrial>> {
    const auto id = oldest_queued();
    if (!*id) return std::nullopt;
    const double at = now();
    db_->execute(
        "UPDATE trials SET state = 'running', attempts = attempts + 1, worker = ?, started_at = ? "
        "WHERE study_id = ? AND id = ?",
        worker, at, study, **id);
    auto trial = stored_trial(study, **id);
    if (!trial) return tl::unexpected<Error>(trial.error());
    if (!*trial) return std::nullopt;
    const Lease lease{study, (*trial)->id, (*trial)->attempts};
    db_->execute(
        "INSERT INTO leases (study_id, trial_id, attempt, worker, leased_at, expires_at, reason, message) "
        "VALUES (?, ?, ?, ?, ?, ?, 'none', '')",
        study, lease.trial, lease.attempt, worker, at, at + lease_seconds);
    return LeasedTrial{lease, std::move(**trial)};
  });
}

Result<LeaseState> SqliteStore::open_state(StudyId study) {
  return state_of(study).map(
      [](StudyState state) { return state == StudyState::running ? LeaseState::held : LeaseState::stop; });
}

Result<LeaseState> SqliteStore::heartbeat(const Lease& lease, double lease_seconds) {
  return write([&]() -> Result<LeaseState> {
    const auto changed = db_->execute(
        "UPDATE leases SET expires_at = ? WHERE study_id = ? AND trial_id = ? AND attempt = ? AND ended_at IS NULL",
        now() + lease_seconds, lease.study, lease.trial, lease.attempt);
    return changed == 1 ? open_state(lease.study) : LeaseState::lost;
  });
}

Result<ReportReceipt> SqliteStore::report(const Lease& lease, const Report& report, VerdictWanted wanted) {
  return write([&]() -> Result<ReportReceipt> {
    ReportReceipt receipt;
    {
      Query row = db_->query(
          "SELECT (SELECT max(number) + 1 FROM reports r WHERE r.study_id = l.study_id AND r.trial_id = l.trial_id AND "
          "r.attempt = l.attempt) FROM leases l WHERE study_id = ? AND trial_id = ? AND attempt = ? AND ended_at IS "
          "NULL",
          lease.study, lease.trial, lease.attempt);
      if (!row.next()) return receipt;
      receipt.number = static_cast<std::uint32_t>(row.integer());
    }
    db_->execute(
        "INSERT INTO reports (study_id, trial_id, attempt, number, budget, metrics, reported_at, verdict_wanted) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        lease.study, lease.trial, lease.attempt, receipt.number, Number{report.budget}, metrics_to_json(report.metrics),
        now(), wanted == VerdictWanted::yes);
    return open_state(lease.study).map([&](LeaseState state) { return ReportReceipt{state, receipt.number}; });
  });
}

Result<void> SqliteStore::set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) {
  const GivenVerdict given{report, verdict};
  return set_verdicts(coordinator, {&given, 1});
}

Result<void> SqliteStore::set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given) {
  if (given.empty()) return {};
  return write_as(coordinator, [&]() -> Result<void> {
    for (const auto& [report, verdict] : given) {
      const auto changed = db_->execute(
          "UPDATE reports SET verdict = ? WHERE study_id = ? AND trial_id = ? AND attempt = ? AND number = ? AND "
          "verdict_wanted = 1 AND verdict IS NULL",
          name_of(verdict), coordinator.study, report.trial, report.attempt, report.number);
      if (changed != 1) return no_report(db_->path(), report);
    }
    return {};
  });
}

Result<std::optional<Verdict>> SqliteStore::verdict(const Lease& lease, std::uint32_t number) {
  return read([&]() -> Result<std::optional<Verdict>> {
    Query row =
        db_->query("SELECT verdict FROM reports WHERE study_id = ? AND trial_id = ? AND attempt = ? AND number = ?",
                   lease.study, lease.trial, lease.attempt, number);
    return row.next() ? named<Verdict>(kVerdictNames, row.bytes()) : std::nullopt;
  });
}

bool SqliteStore::end_attempt(const Lease& lease, FailureReason reason, std::string_view message) {
  return db_->execute(
             "UPDATE leases SET ended_at = ?, reason = ?, message = ? "
             "WHERE study_id = ? AND trial_id = ? AND attempt = ? AND ended_at IS NULL",
             now(), name_of(reason), message, lease.study, lease.trial, lease.attempt) == 1;
}

Result<LeaseState> SqliteStore::finish(const Lease& lease, const Trial& result) {
  if (!result.finished() && result.state != TrialState::paused) return not_ended(db_->path(), lease.trial);
  return write([&]() -> Result<LeaseState> {
    const std::string_view message = result.state == TrialState::paused ? kPausedMessage : result.message;
    if (!end_attempt(lease, result.reason, message)) return LeaseState::lost;
    set_result(lease.study, lease.trial, result, now(), next_landed(lease.study));
    return open_state(lease.study);
  });
}

Result<LeaseState> SqliteStore::queue_again(const Lease& lease, FailureReason reason, std::string_view message) {
  if (!end_attempt(lease, reason, message)) return LeaseState::lost;
  db_->execute("UPDATE trials SET state = 'queued', started_at = 0 WHERE study_id = ? AND id = ?", lease.study,
               lease.trial);
  return open_state(lease.study);
}

Result<LeaseState> SqliteStore::requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                                        std::string_view message) {
  return write_as(coordinator, [&]() -> Result<LeaseState> {
    return lease.study == coordinator.study ? queue_again(lease, reason, message) : LeaseState::lost;
  });
}

Result<LeaseState> SqliteStore::give_back(const Lease& lease, FailureReason reason, std::string_view message) {
  return write([&] { return queue_again(lease, reason, message); });
}

Result<std::vector<ReportRecord>> SqliteStore::reports_from(Query& rows) {
  std::vector<ReportRecord> reports;
  while (rows.next()) {
    ReportRecord& record = reports.emplace_back();
    record.trial = static_cast<TrialId>(rows.integer());
    record.attempt = static_cast<std::uint32_t>(rows.integer());
    record.number = static_cast<std::uint32_t>(rows.integer());
    record.report.budget = rows.number();
    auto metrics = metrics_from_json(rows.bytes());
    if (!metrics) {
      return tl::unexpected<Error>(damaged(fmt::format("report {} of trial {}", record.number, record.trial)));
    }
    record.report.metrics = std::move(*metrics);
    record.reported_at = rows.real();
    record.verdict_wanted = rows.integer() != 0;
    record.verdict = named<Verdict>(kVerdictNames, rows.bytes());
  }
  return reports;
}

Result<std::vector<ReportRecord>> SqliteStore::reports(StudyId study, TrialId trial) {
  return read([&] {
    Query rows = db_->query(
        "SELECT trial_id, attempt, number, budget, metrics, reported_at, verdict_wanted, verdict FROM reports "
        "WHERE study_id = ?1 AND trial_id = ?2 AND "
        "attempt = (SELECT attempts FROM trials WHERE study_id = ?1 AND id = ?2) ORDER BY number",
        study, trial);
    return reports_from(rows);
  });
}

Result<std::vector<std::vector<ReportRecord>>> SqliteStore::pauses(StudyId study, TrialId trial) {
  return read([&]() -> Result<std::vector<std::vector<ReportRecord>>> {
    Query rows = db_->query(
        "SELECT r.trial_id, r.attempt, r.number, r.budget, r.metrics, r.reported_at, r.verdict_wanted, r.verdict "
        "FROM leases l JOIN reports r USING (study_id, trial_id, attempt) "
        "WHERE l.study_id = ? AND l.trial_id = ? AND l.reason = 'none' AND l.message = ? ORDER BY r.attempt, r.number",
        study, trial, kPausedMessage);
    const auto all = reports_from(rows);
    if (!all) return tl::unexpected<Error>(all.error());
    return by_attempt(*all);
  });
}

Result<std::vector<ReportRecord>> SqliteStore::reports_awaiting_verdict(StudyId study) {
  return read([&] {
    Query rows = db_->query(
        "SELECT r.trial_id, r.attempt, r.number, r.budget, r.metrics, r.reported_at, r.verdict_wanted, r.verdict "
        "FROM reports r INDEXED BY reports_awaiting JOIN leases l USING (study_id, trial_id, attempt) "
        "WHERE r.study_id = ? AND r.verdict_wanted = 1 AND r.verdict IS NULL AND l.ended_at IS NULL "
        "ORDER BY r.trial_id, r.number",
        study);
    return reports_from(rows);
  });
}

Result<std::vector<LeaseRecord>> SqliteStore::leases_from(Query& rows) {
  std::vector<LeaseRecord> leases;
  while (rows.next()) {
    LeaseRecord& record = leases.emplace_back();
    record.lease.study = rows.integer();
    record.lease.trial = static_cast<TrialId>(rows.integer());
    record.lease.attempt = static_cast<std::uint32_t>(rows.integer());
    record.worker = rows.text();
    record.leased_at = rows.real();
    record.expires_at = rows.real();
    record.ended_at = rows.optional_real();
    const auto reason = named<FailureReason>(kFailureReasonNames, rows.bytes());
    if (!reason) return tl::unexpected<Error>(damaged(fmt::format("an attempt of trial {}", record.lease.trial)));
    record.reason = *reason;
    record.message = rows.text();
  }
  return leases;
}

Result<std::vector<LeaseRecord>> SqliteStore::open_leases(StudyId study) {
  return read([&] {
    Query rows = db_->query(
        "SELECT study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message FROM leases "
        "INDEXED BY leases_open WHERE study_id = ? AND ended_at IS NULL ORDER BY trial_id",
        study);
    return leases_from(rows);
  });
}

Result<std::vector<LeaseRecord>> SqliteStore::expired_leases(StudyId study) {
  return read([&] {
    Query rows = db_->query(
        "SELECT study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message FROM leases "
        "INDEXED BY leases_open WHERE study_id = ? AND ended_at IS NULL AND expires_at <= ? ORDER BY trial_id",
        study, now());
    return leases_from(rows);
  });
}

Result<std::vector<LeaseRecord>> SqliteStore::attempts(StudyId study, TrialId trial) {
  return read([&] {
    Query rows = db_->query(
        "SELECT study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message FROM leases "
        "WHERE study_id = ? AND trial_id = ? ORDER BY attempt",
        study, trial);
    return leases_from(rows);
  });
}

}  // namespace nascent::core::store
