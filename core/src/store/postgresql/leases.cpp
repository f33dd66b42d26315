// Attempts: handing trials to workers, hearing from them, and taking their results exactly once.
#include <fmt/format.h>

#include "store/pauses.hpp"
#include "store/postgresql/store.hpp"
#include "store/refusals.hpp"

namespace nascent::core::store::postgresql {

Result<std::optional<Store::LeasedTrial>> PostgresqlStore::lease(StudyId study, std::string_view worker,
                                                                 double lease_seconds, std::optional<TrialRole> role) {
  const std::string_view wanted = role ? name_of(*role) : std::string_view();
  // Most calls of an idle worker find nothing: ask before opening a transaction.
  const auto waiting = read([&]() -> Result<bool> {
    Query row =
        db_->query("SELECT EXISTS (SELECT 1 FROM trials WHERE study_id = $1 AND state = 'queued' AND $2 IN ('', role))",
                   study, wanted);
    return row.next() && row.flag();
  });
  if (!waiting) return tl::unexpected<Error>(waiting.error());
  if (!*waiting) return std::nullopt;
  return write([&]() -> Result<std::optional<LeasedTrial>> {
    const double at = now();
    Query row = db_->query(
        "WITH next AS (SELECT id FROM trials WHERE study_id = $1 AND state = 'queued' AND $2 IN ('', role) "
        "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED), "
        "taken AS (UPDATE trials t SET state = 'running', attempts = t.attempts + 1, worker = $3, started_at = $4 "
        "FROM next WHERE t.study_id = $1 AND t.id = next.id RETURNING t.*), "
        "noted AS (INSERT INTO leases (study_id, trial_id, attempt, worker, leased_at, expires_at, reason, message) "
        "SELECT $1, id, attempts, $3, $4, $5, 'none', '' FROM taken) "
        "SELECT " NASCENT_TRIAL_COLUMNS "FROM taken",
        study, wanted, worker, at, at + lease_seconds);
    if (!row.next()) return std::nullopt;
    auto trial = trial_from(row);
    if (!trial) return tl::unexpected<Error>(trial.error());
    return LeasedTrial{{study, trial->id, trial->attempts}, std::move(*trial)};
  });
}

Result<LeaseState> PostgresqlStore::open_state(StudyId study) {
  return state_of(study).map(
      [](StudyState state) { return state == StudyState::running ? LeaseState::held : LeaseState::stop; });
}

Result<LeaseState> PostgresqlStore::heartbeat(const Lease& lease, double lease_seconds) {
  return write(
      [&]() -> Result<LeaseState> {
        const auto changed = db_->execute(
            "UPDATE leases SET expires_at = $1 WHERE study_id = $2 AND trial_id = $3 AND attempt = $4 AND ended_at IS "
            "NULL",
            now() + lease_seconds, lease.study, lease.trial, lease.attempt);
        return changed == 1 ? open_state(lease.study) : LeaseState::lost;
      },
      Tell::nobody);
}

Result<ReportReceipt> PostgresqlStore::report(const Lease& lease, const Report& report, VerdictWanted wanted) {
  return write([&]() -> Result<ReportReceipt> {
    ReportReceipt receipt;
    {
      Query row = db_->query(
          "SELECT (SELECT max(number) + 1 FROM reports r WHERE r.study_id = l.study_id AND r.trial_id = l.trial_id AND "
          "r.attempt = l.attempt) FROM leases l WHERE study_id = $1 AND trial_id = $2 AND attempt = $3 AND ended_at IS "
          "NULL FOR UPDATE",
          lease.study, lease.trial, lease.attempt);
      if (!row.next()) return receipt;
      receipt.number = static_cast<std::uint32_t>(row.integer());
    }
    db_->execute(
        "INSERT INTO reports (study_id, trial_id, attempt, number, budget, metrics, reported_at, verdict_wanted) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        lease.study, lease.trial, lease.attempt, receipt.number, report.budget, metrics_to_json(report.metrics), now(),
        wanted == VerdictWanted::yes);
    return open_state(lease.study).map([&](LeaseState state) { return ReportReceipt{state, receipt.number}; });
  });
}

Result<void> PostgresqlStore::set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) {
  return write_as(coordinator, [&]() -> Result<void> {
    const auto changed = db_->execute(
        "UPDATE reports SET verdict = $1 WHERE study_id = $2 AND trial_id = $3 AND attempt = $4 AND number = $5 AND "
        "verdict_wanted AND verdict IS NULL",
        name_of(verdict), coordinator.study, report.trial, report.attempt, report.number);
    return changed == 1 ? Result<void>{} : no_report(db_->path(), report);
  });
}

Result<std::optional<Verdict>> PostgresqlStore::verdict(const Lease& lease, std::uint32_t number) {
  return read([&]() -> Result<std::optional<Verdict>> {
    Query row =
        db_->query("SELECT verdict FROM reports WHERE study_id = $1 AND trial_id = $2 AND attempt = $3 AND number = $4",
                   lease.study, lease.trial, lease.attempt, number);
    return row.next() ? named<Verdict>(kVerdictNames, row.bytes()) : std::nullopt;
  });
}

bool PostgresqlStore::end_attempt(const Lease& lease, FailureReason reason, std::string_view message) {
  return db_->execute(
             "UPDATE leases SET ended_at = $1, reason = $2, message = $3 "
             "WHERE study_id = $4 AND trial_id = $5 AND attempt = $6 AND ended_at IS NULL",
             now(), name_of(reason), message, lease.study, lease.trial, lease.attempt) == 1;
}

Result<LeaseState> PostgresqlStore::finish(const Lease& lease, const Trial& result) {
  if (!result.finished() && result.state != TrialState::paused) return not_ended(db_->path(), lease.trial);
  return write([&]() -> Result<LeaseState> {
    const std::string_view message = result.state == TrialState::paused ? kPausedMessage : result.message;
    if (!end_attempt(lease, result.reason, message)) return LeaseState::lost;
    set_result(lease.study, lease.trial, result, now(), next_landed(lease.study));
    return open_state(lease.study);
  });
}

Result<LeaseState> PostgresqlStore::queue_again(const Lease& lease, FailureReason reason, std::string_view message) {
  if (!end_attempt(lease, reason, message)) return LeaseState::lost;
  db_->execute("UPDATE trials SET state = 'queued', started_at = 0 WHERE study_id = $1 AND id = $2", lease.study,
               lease.trial);
  return open_state(lease.study);
}

Result<LeaseState> PostgresqlStore::requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                                            std::string_view message) {
  return write_as(coordinator, [&]() -> Result<LeaseState> {
    return lease.study == coordinator.study ? queue_again(lease, reason, message) : LeaseState::lost;
  });
}

Result<LeaseState> PostgresqlStore::give_back(const Lease& lease, FailureReason reason, std::string_view message) {
  return write([&] { return queue_again(lease, reason, message); });
}

Result<std::vector<ReportRecord>> PostgresqlStore::reports_from(Query& rows) {
  std::vector<ReportRecord> reports;
  while (rows.next()) {
    ReportRecord& record = reports.emplace_back();
    record.trial = static_cast<TrialId>(rows.integer());
    record.attempt = static_cast<std::uint32_t>(rows.integer());
    record.number = static_cast<std::uint32_t>(rows.integer());
    record.report.budget = rows.real();
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

Result<std::vector<ReportRecord>> PostgresqlStore::reports(StudyId study, TrialId trial) {
  return read([&] {
    Query rows = db_->query(
        "SELECT trial_id, attempt, number, budget, metrics, reported_at, verdict_wanted, verdict FROM reports "
        "WHERE study_id = $1 AND trial_id = $2 AND "
        "attempt = (SELECT attempts FROM trials WHERE study_id = $1 AND id = $2) ORDER BY number",
        study, trial);
    return reports_from(rows);
  });
}

Result<std::vector<std::vector<ReportRecord>>> PostgresqlStore::pauses(StudyId study, TrialId trial) {
  return read([&]() -> Result<std::vector<std::vector<ReportRecord>>> {
    Query rows = db_->query(
        "SELECT r.trial_id, r.attempt, r.number, r.budget, r.metrics, r.reported_at, r.verdict_wanted, r.verdict "
        "FROM leases l JOIN reports r USING (study_id, trial_id, attempt) "
        "WHERE l.study_id = $1 AND l.trial_id = $2 AND l.reason = 'none' AND l.message = $3 ORDER BY r.attempt, "
        "r.number",
        study, trial, kPausedMessage);
    const auto all = reports_from(rows);
    if (!all) return tl::unexpected<Error>(all.error());
    return by_attempt(*all);
  });
}

Result<std::vector<ReportRecord>> PostgresqlStore::reports_awaiting_verdict(StudyId study) {
  return read([&] {
    Query rows = db_->query(
        "SELECT r.trial_id, r.attempt, r.number, r.budget, r.metrics, r.reported_at, r.verdict_wanted, r.verdict "
        "FROM reports r JOIN leases l USING (study_id, trial_id, attempt) "
        "WHERE r.study_id = $1 AND r.verdict_wanted AND r.verdict IS NULL AND l.ended_at IS NULL "
        "ORDER BY r.trial_id, r.number",
        study);
    return reports_from(rows);
  });
}

Result<std::vector<LeaseRecord>> PostgresqlStore::leases_from(Query& rows) {
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

Result<std::vector<LeaseRecord>> PostgresqlStore::open_leases(StudyId study) {
  return read([&] {
    Query rows = db_->query(
        "SELECT study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message FROM leases "
        "WHERE study_id = $1 AND ended_at IS NULL ORDER BY trial_id",
        study);
    return leases_from(rows);
  });
}

Result<std::vector<LeaseRecord>> PostgresqlStore::expired_leases(StudyId study) {
  return read([&] {
    Query rows = db_->query(
        "SELECT study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message FROM leases "
        "WHERE study_id = $1 AND ended_at IS NULL AND expires_at <= $2 ORDER BY trial_id",
        study, now());
    return leases_from(rows);
  });
}

Result<std::vector<LeaseRecord>> PostgresqlStore::attempts(StudyId study, TrialId trial) {
  return read([&] {
    Query rows = db_->query(
        "SELECT study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message FROM leases "
        "WHERE study_id = $1 AND trial_id = $2 ORDER BY attempt",
        study, trial);
    return leases_from(rows);
  });
}

}  // namespace nascent::core::store::postgresql
