// Transactions of a file, and what SQLite does in its own way.
#include "store/sqlite/store.hpp"

#include <fmt/format.h>

#include "store/process.hpp"
#include "store/refusals.hpp"

namespace nascent::core::store::sqlite {
namespace {

// Without these indexes named, a planner that knows no statistics may read whole tables.
constexpr Dialect kDialect{.for_share = "",
                           .for_update = "",
                           .by_landed = "INDEXED BY trials_landed",
                           .by_open = "INDEXED BY leases_open",
                           .by_awaiting = "INDEXED BY reports_awaiting",
                           .verdict_wanted = "r.verdict_wanted = 1"};

// Between two commits that reach the disk itself, not only the operating system: a burst of cheap trials shares one. A
// killed process loses nothing either way; this is about a machine that loses power.
constexpr std::chrono::milliseconds kSyncInterval{100};

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<Database> database) : SqlStore(*database, kDialect), db_(std::move(database)) {}

Result<void> SqliteStore::transact(const std::function<bool()>& body, Change change) {
  const auto start = std::chrono::steady_clock::now();
  set_synchronous(change == Change::landmark || start - last_sync_ >= kSyncInterval);
  db_->begin();
  if (auto error = db_->take_error()) return tl::unexpected<Error>(std::move(*error));
  const bool done = body();
  if (done && db_->ok()) db_->commit();
  if (!done || !db_->ok()) db_->rollback();
  if (auto error = db_->take_error()) return tl::unexpected<Error>(std::move(*error));
  if (done) {
    ++own_commits_;
    if (synchronous_full_) last_sync_ = start;
  }
  return {};
}

Result<void> SqliteStore::look(const std::function<void()>& body) {
  body();
  if (auto error = db_->take_error()) return tl::unexpected<Error>(std::move(*error));
  return {};
}

void SqliteStore::set_synchronous(bool full) {
  if (full == synchronous_full_) return;
  db_->script(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  synchronous_full_ = full;
}

Result<std::uint64_t> SqliteStore::version() {
  return read([&]() -> Result<std::uint64_t> {
    // Counts the commits of other connections only.
    Query row = db_->query("PRAGMA data_version");
    const auto others = row->next() ? static_cast<std::uint64_t>(row->integer()) : 0;
    return others + own_commits_;
  });
}

std::optional<SqliteStore::Holder> SqliteStore::last_holder(StudyId study) {
  Query row = db_->query(
      "SELECT epoch, held, host, scope, pid, start_ticks, since, renewed_at FROM coordinators WHERE study_id = $1", study);
  if (!row->next()) return std::nullopt;
  Holder holder;
  holder.epoch = static_cast<std::uint64_t>(row->integer());
  holder.held = row->flag();
  holder.process.host = row->text();
  holder.process.scope = row->text();
  holder.process.pid = row->integer();
  holder.process.start_ticks = static_cast<std::uint64_t>(row->integer());
  holder.since = row->real();
  holder.renewed_at = row->real();
  return holder;
}

Result<Coordinator> SqliteStore::acquire_coordinator(StudyId study, double stale_after_seconds) {
  const ProcessIdentity self = this_process();
  return write(
      [&]() -> Result<Coordinator> {
        if (auto state = state_of(study); !state) return tl::unexpected<Error>(state.error());
        const double at = now();
        const std::optional<Holder> last = last_holder(study);
        if (last && last->held && still_holds(last->process, at - last->renewed_at, stale_after_seconds)) {
          return coordinator_held(db_->path(), last->process, last->since, last->renewed_at);
        }
        const std::uint64_t epoch = last ? last->epoch + 1 : 1;
        db_->execute(fmt::format("INSERT OR REPLACE INTO coordinators (study_id, epoch, held, host, scope, pid, start_ticks, since, "
                                 "renewed_at) VALUES {}",
                                 placeholders(9)),
                     study, epoch, true, self.host, self.scope, self.pid, self.start_ticks, at, at);
        return Coordinator{study, epoch};
      },
      Change::landmark);
}

Result<std::optional<CoordinatorRecord>> SqliteStore::coordinator(StudyId study, double stale_after_seconds) {
  return read([&]() -> Result<std::optional<CoordinatorRecord>> {
    const std::optional<Holder> last = last_holder(study);
    if (!last || !last->held || !still_holds(last->process, now() - last->renewed_at, stale_after_seconds)) {
      return std::nullopt;
    }
    return CoordinatorRecord{last->process.host, last->process.pid, last->since, last->renewed_at};
  });
}

std::uint64_t SqliteStore::next_landed(StudyId study, std::size_t) {
  Query row = db_->query(
      "SELECT max(landed) FROM trials INDEXED BY trials_landed WHERE study_id = $1 AND landed IS NOT NULL", study);
  return row->next() ? static_cast<std::uint64_t>(row->optional_integer().value_or(0)) + 1 : 1;
}

Result<std::optional<Store::LeasedTrial>> SqliteStore::lease(StudyId study, std::string_view worker,
                                                             double lease_seconds, std::optional<TrialRole> role) {
  const auto oldest_queued = [&]() -> Result<std::optional<TrialId>> {
    Query row = db_->query(
        "SELECT id FROM trials INDEXED BY trials_queued WHERE study_id = $1 AND state = 'queued' AND $2 IN ('', role) "
        "ORDER BY id LIMIT 1",
        study, role ? name_of(*role) : std::string_view());
    return row->next() ? std::optional(static_cast<TrialId>(row->integer())) : std::nullopt;
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
        "UPDATE trials SET state = 'running', attempts = attempts + 1, worker = $1, started_at = $2 "
        "WHERE study_id = $3 AND id = $4",
        worker, at, study, **id);
    auto trial = stored_trial(study, **id);
    if (!trial) return tl::unexpected<Error>(trial.error());
    if (!*trial) return std::nullopt;
    const Lease lease{study, (*trial)->id, (*trial)->attempts};
    db_->execute(
        "INSERT INTO leases (study_id, trial_id, attempt, worker, leased_at, expires_at, reason, message) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'none', '')",
        study, lease.trial, lease.attempt, worker, at, at + lease_seconds);
    return LeasedTrial{lease, std::move(**trial)};
  });
}

Result<TrialTally> SqliteStore::tally(StudyId study) {
  return read([&]() -> Result<TrialTally> {
    TrialTally tally;
    tally.landed = next_landed(study, 1) - 1;
    // Counting here is faster than GROUP BY, which would sort.
    Query rows =
        db_->query("SELECT role, state, cost_seconds, queued_at, started_at, finished_at, id FROM trials WHERE study_id = $1", study);
    while (rows->next()) {
      const auto role = named<TrialRole>(kTrialRoleNames, rows->bytes());
      const auto state = named<TrialState>(kTrialStateNames, rows->bytes());
      const double cost_seconds = rows->real();
      for (int time = 0; time < 3; ++time) tally.last_at = std::max(tally.last_at, rows->real());
      if (!role || !state) return tl::unexpected<Error>(damaged(fmt::format("trial {}", rows->integer())));
      ++tally.count[static_cast<std::size_t>(*role)][static_cast<std::size_t>(*state)];
      tally.cost_seconds += cost_seconds;
    }
    return tally;
  });
}

}  // namespace nascent::core::store::sqlite
