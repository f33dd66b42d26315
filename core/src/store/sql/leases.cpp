// Attempts: hearing from workers, and taking their results exactly once.
#include <fmt/format.h>

#include "store/pauses.hpp"
#include "store/refusals.hpp"
#include "store/sql/store.hpp"

namespace nascent::core::store {
namespace {

// In the order in which reports_from() and leases_from() read them. `r` is the table of reports.
constexpr std::string_view kReportColumns =
    "r.trial_id, r.attempt, r.number, r.budget, r.metrics, r.reported_at, r.verdict_wanted, r.verdict";
constexpr std::string_view kLeaseColumns =
    "study_id, trial_id, attempt, worker, leased_at, expires_at, ended_at, reason, message";

}  // namespace

Result<LeaseState> SqlStore::open_state(StudyId study) {
  return state_of(study).map(
      [](StudyState state) { return state == StudyState::running ? LeaseState::held : LeaseState::stop; });
}

Result<LeaseState> SqlStore::heartbeat(const Lease& lease, double lease_seconds) {
  return write(
      [&]() -> Result<LeaseState> {
        const auto changed = sql_.execute(
            "UPDATE leases SET expires_at = $1 WHERE study_id = $2 AND trial_id = $3 AND attempt = $4 AND ended_at IS "
            "NULL",
            now() + lease_seconds, lease.study, lease.trial, lease.attempt);
        return changed == 1 ? open_state(lease.study) : LeaseState::lost;
      },
      Change::sign_of_life);
}

Result<ReportReceipt> SqlStore::report(const Lease& lease, const Report& report, VerdictWanted wanted) {
  return write([&]() -> Result<ReportReceipt> {
    ReportReceipt receipt;
    Query row = sql_.query(
        fmt::format("SELECT (SELECT max(number) + 1 FROM reports r WHERE r.study_id = l.study_id AND r.trial_id = l.trial_id "
                    "AND r.attempt = l.attempt) FROM leases l WHERE study_id = $1 AND trial_id = $2 AND attempt = $3 AND "
                    "ended_at IS NULL {}",
                    dialect_.for_update),
        lease.study, lease.trial, lease.attempt);
    if (!row->next()) return receipt;
    receipt.number = static_cast<std::uint32_t>(row->optional_integer().value_or(0));
    row.reset();
    sql_.execute(fmt::format("INSERT INTO reports (study_id, trial_id, attempt, number, budget, metrics, reported_at, "
                             "verdict_wanted) VALUES {}",
                             placeholders(8)),
                 lease.study, lease.trial, lease.attempt, receipt.number, report.budget, metrics_to_json(report.metrics), now(),
                 wanted == VerdictWanted::yes);
    return open_state(lease.study).map([&](LeaseState state) { return ReportReceipt{state, receipt.number}; });
  });
}

Result<void> SqlStore::set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) {
  const GivenVerdict given{report, verdict};
  return set_verdicts(coordinator, {&given, 1});
}

Result<void> SqlStore::set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given) {
  if (given.empty()) return {};
  return write_as(coordinator, [&]() -> Result<void> {
    for (const auto& [report, verdict] : given) {
      const auto changed = sql_.execute(
          "UPDATE reports SET verdict = $1 WHERE study_id = $2 AND trial_id = $3 AND attempt = $4 AND number = $5 AND "
          "verdict_wanted = $6 AND verdict IS NULL",
          name_of(verdict), coordinator.study, report.trial, report.attempt, report.number, true);
      if (changed != 1) return no_report(sql_.path(), report);
    }
    return {};
  });
}

Result<std::optional<Verdict>> SqlStore::verdict(const Lease& lease, std::uint32_t number) {
  return read([&]() -> Result<std::optional<Verdict>> {
    Query row =
        sql_.query("SELECT verdict FROM reports WHERE study_id = $1 AND trial_id = $2 AND attempt = $3 AND number = $4",
                   lease.study, lease.trial, lease.attempt, number);
    return row->next() ? named<Verdict>(kVerdictNames, row->bytes()) : std::nullopt;
  });
}

bool SqlStore::end_attempt(const Lease& lease, FailureReason reason, std::string_view message) {
  return sql_.execute(
             "UPDATE leases SET ended_at = $1, reason = $2, message = $3 "
             "WHERE study_id = $4 AND trial_id = $5 AND attempt = $6 AND ended_at IS NULL",
             now(), name_of(reason), message, lease.study, lease.trial, lease.attempt) == 1;
}

Result<LeaseState> SqlStore::finish(const Lease& lease, const Trial& result) {
  if (!result.finished() && result.state != TrialState::paused) return not_ended(sql_.path(), lease.trial);
  return write([&]() -> Result<LeaseState> {
    const std::string_view message = result.state == TrialState::paused ? kPausedMessage : result.message;
    if (!end_attempt(lease, result.reason, message)) return LeaseState::lost;
    set_result(lease.study, lease.trial, result, now(), next_landed(lease.study, 1));
    if (result.state == TrialState::failed || result.state == TrialState::invalid) drop_artifacts(lease.study, lease.trial);
    return open_state(lease.study);
  });
}

Result<LeaseState> SqlStore::queue_again(const Lease& lease, FailureReason reason, std::string_view message) {
  if (!end_attempt(lease, reason, message)) return LeaseState::lost;
  sql_.execute("UPDATE trials SET state = 'queued', started_at = 0 WHERE study_id = $1 AND id = $2", lease.study,
               lease.trial);
  return open_state(lease.study);
}

Result<LeaseState> SqlStore::requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                                            std::string_view message) {
  return write_as(coordinator, [&]() -> Result<LeaseState> {
    return lease.study == coordinator.study ? queue_again(lease, reason, message) : LeaseState::lost;
  });
}

Result<LeaseState> SqlStore::give_back(const Lease& lease, FailureReason reason, std::string_view message) {
  return write([&] { return queue_again(lease, reason, message); });
}

Result<std::vector<ReportRecord>> SqlStore::reports_from(Rows& rows) {
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
    record.verdict_wanted = rows.flag();
    record.verdict = named<Verdict>(kVerdictNames, rows.bytes());
  }
  return reports;
}

Result<std::vector<ReportRecord>> SqlStore::reports(StudyId study, TrialId trial) {
  return read([&] {
    Query rows = sql_.query(fmt::format("SELECT {} FROM reports r WHERE study_id = $1 AND trial_id = $2 AND attempt = "
                                        "(SELECT attempts FROM trials WHERE study_id = $1 AND id = $2) ORDER BY number",
                                        kReportColumns),
                            study, trial);
    return reports_from(*rows);
  });
}

Result<std::vector<std::vector<ReportRecord>>> SqlStore::pauses(StudyId study, TrialId trial) {
  return read([&]() -> Result<std::vector<std::vector<ReportRecord>>> {
    Query rows = sql_.query(fmt::format("SELECT {} FROM leases l JOIN reports r USING (study_id, trial_id, attempt) "
                                        "WHERE l.study_id = $1 AND l.trial_id = $2 AND l.reason = 'none' AND l.message = $3 "
                                        "ORDER BY r.attempt, r.number",
                                        kReportColumns),
                            study, trial, kPausedMessage);
    const auto all = reports_from(*rows);
    if (!all) return tl::unexpected<Error>(all.error());
    return by_attempt(*all);
  });
}

Result<std::vector<ReportRecord>> SqlStore::reports_awaiting_verdict(StudyId study) {
  return read([&] {
    Query rows = sql_.query(fmt::format("SELECT {} FROM reports r {} JOIN leases l USING (study_id, trial_id, attempt) "
                                        "WHERE r.study_id = $1 AND {} AND r.verdict IS NULL AND l.ended_at IS NULL "
                                        "ORDER BY r.trial_id, r.number",
                                        kReportColumns, dialect_.by_awaiting, dialect_.verdict_wanted),
                            study);
    return reports_from(*rows);
  });
}

Result<std::vector<LeaseRecord>> SqlStore::leases_from(Rows& rows) {
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

Result<std::vector<LeaseRecord>> SqlStore::open_leases(StudyId study) {
  return read([&] {
    Query rows = sql_.query(fmt::format("SELECT {} FROM leases {} WHERE study_id = $1 AND ended_at IS NULL ORDER BY trial_id",
                                        kLeaseColumns, dialect_.by_open),
                            study);
    return leases_from(*rows);
  });
}

Result<std::vector<LeaseRecord>> SqlStore::expired_leases(StudyId study) {
  return read([&] {
    Query rows = sql_.query(fmt::format("SELECT {} FROM leases {} WHERE study_id = $1 AND ended_at IS NULL AND expires_at <= $2 "
                                        "ORDER BY trial_id",
                                        kLeaseColumns, dialect_.by_open),
                            study, now());
    return leases_from(*rows);
  });
}

Result<std::vector<LeaseRecord>> SqlStore::attempts(StudyId study, TrialId trial) {
  return read([&] {
    Query rows = sql_.query(fmt::format("SELECT {} FROM leases WHERE study_id = $1 AND trial_id = $2 ORDER BY attempt", kLeaseColumns),
                            study, trial);
    return leases_from(*rows);
  });
}

}  // namespace nascent::core::store
