// Transactions on a server, and what PostgreSQL does in its own way.
#include "store/postgresql/store.hpp"

#include <fmt/format.h>

#include "store/postgresql/schema.hpp"
#include "store/refusals.hpp"

namespace nascent::core::store::postgresql {
namespace {

constexpr Dialect kDialect{.for_share = "FOR SHARE",
                           .for_update = "FOR UPDATE",
                           .by_landed = "",
                           .by_open = "",
                           .by_awaiting = "",
                           .verdict_wanted = "r.verdict_wanted"};

}  // namespace

PostgresqlStore::PostgresqlStore(std::unique_ptr<Database> database)
    : SqlStore(*database, kDialect), db_(std::move(database)) {}

Result<void> PostgresqlStore::transact(const std::function<bool()>& body, Change change) {
  for (Patience patience;;) {
    db_->begin();
    const bool done = db_->ok() && body();
    if (db_->ok() && done) db_->commit(change != Change::sign_of_life);
    if (db_->ok()) {
      if (done) ++own_commits_;
      if (!done) db_->rollback();
      return {};
    }
    switch (recover(patience)) {
      case After::committed:
        ++own_commits_;
        return {};
      case After::repeat:
        continue;
      case After::give_up:
        return tl::unexpected<Error>(*db_->take_error());
    }
  }
}

Result<void> PostgresqlStore::look(const std::function<void()>& body) {
  for (Patience patience;;) {
    body();
    if (db_->ok()) return {};
    if (recover(patience) == After::give_up) return tl::unexpected<Error>(*db_->take_error());
  }
}

Result<std::uint64_t> PostgresqlStore::version() {
  return read([&]() -> Result<std::uint64_t> {
    db_->listen();
    return db_->notified() + own_commits_;
  });
}

int PostgresqlStore::changes_fd() {
  return read([&]() -> Result<int> {
           db_->listen();
           return db_->events();
         })
      .value_or(-1);
}

void PostgresqlStore::on_created(StudyId study) {
  db_->execute("INSERT INTO landings (study_id, last) VALUES ($1, 0)", study);
  db_->execute(
      "INSERT INTO coordinators (study_id, epoch, held, host, pid, since, renewed_at) "
      "VALUES ($1, 0, false, '', 0, 0, 0)",
      study);
}

void PostgresqlStore::on_released(StudyId study) {
  // Whoever takes the lock from here on waits for the row.
  if (held_.erase(study) != 0) db_->execute("SELECT pg_advisory_unlock($1::int, $2::int)", kLockClass, study);
}

void PostgresqlStore::take_turn(StudyId study) {
  db_->execute("SELECT 1 FROM landings WHERE study_id = $1 FOR UPDATE", study);
}

std::uint64_t PostgresqlStore::next_landed(StudyId study, std::size_t count) {
  Query row =
      db_->query("UPDATE landings SET last = last + $2 WHERE study_id = $1 RETURNING last - $2 + 1", study, count);
  return row->next() ? static_cast<std::uint64_t>(row->integer()) : 0;
}

std::optional<PostgresqlStore::Holder> PostgresqlStore::last_holder(StudyId study) {
  Query row = db_->query(
      "SELECT epoch, held, host, pid, since, renewed_at, EXISTS (SELECT 1 FROM pg_locks l "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2::bigint::oid AND l.objid = $1::bigint::oid AND "
      "l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) "
      "FROM coordinators WHERE study_id = $1",
      study, kLockClass);
  if (!row->next()) return std::nullopt;
  Holder holder;
  holder.epoch = static_cast<std::uint64_t>(row->integer());
  holder.held = row->flag();
  holder.process.host = row->text();
  holder.process.pid = row->integer();
  holder.since = row->real();
  holder.renewed_at = row->real();
  holder.locked = row->flag();
  return holder;
}

bool PostgresqlStore::try_lock(StudyId study) {
  Query row = db_->query("SELECT pg_try_advisory_lock($1::int, $2::int)", kLockClass, study);
  return row->next() && row->flag();
}

void PostgresqlStore::end_holder(StudyId study, std::int64_t backend) {
  db_->execute(
      "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2::bigint::oid AND l.objid = $1::bigint::oid AND "
      "l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "
      "($3 = 0 OR l.pid = $3)",
      study, kLockClass, backend);
}

Result<Coordinator> PostgresqlStore::acquire_coordinator(StudyId study, double stale_after_seconds) {
  const ProcessIdentity self = this_process();
  const bool by_force = stale_after_seconds < 0;
  return write([&]() -> Result<Coordinator> {
    if (auto state = state_of(study); !state) return tl::unexpected<Error>(state.error());
    db_->execute("SELECT 1 FROM coordinators WHERE study_id = $1 FOR UPDATE", study);
    const std::optional<Holder> last = last_holder(study);
    if (!last) return no_study(db_->path(), study);
    const bool had = held_.contains(study);
    bool locked = had || try_lock(study);
    if (!locked && by_force) {
      end_holder(study, 0);
      locked = try_lock(study);
    }
    if ((had && !by_force) || !locked)
      return coordinator_held(db_->path(), last->process, last->since, last->renewed_at);
    const double at = now();
    const std::uint64_t epoch = last->epoch + 1;
    held_[study] = epoch;
    db_->execute(
        "UPDATE coordinators SET epoch = $2, held = true, host = $3, pid = $4, since = $5, renewed_at = $5 "
        "WHERE study_id = $1",
        study, epoch, self.host, self.pid, at);
    return Coordinator{study, epoch};
  });
}

Result<std::optional<CoordinatorRecord>> PostgresqlStore::coordinator(StudyId study, double stale_after_seconds) {
  return read([&]() -> Result<std::optional<CoordinatorRecord>> {
    const std::optional<Holder> last = last_holder(study);
    if (!last || !last->held || !last->locked || stale_after_seconds < 0) return std::nullopt;
    return CoordinatorRecord{last->process.host, last->process.pid, last->since, last->renewed_at};
  });
}

Result<std::optional<Store::LeasedTrial>> PostgresqlStore::lease(StudyId study, std::string_view worker,
                                                                 double lease_seconds, std::optional<TrialRole> role) {
  const std::string_view wanted = role ? name_of(*role) : std::string_view();
  // Most calls of an idle worker find nothing: ask before opening a transaction.
  const auto waiting = read([&]() -> Result<bool> {
    Query row =
        db_->query("SELECT EXISTS (SELECT 1 FROM trials WHERE study_id = $1 AND state = 'queued' AND $2 IN ('', role))",
                   study, wanted);
    return row->next() && row->flag();
  });
  if (!waiting) return tl::unexpected<Error>(waiting.error());
  if (!*waiting) return std::nullopt;
  return write([&]() -> Result<std::optional<LeasedTrial>> {
    const double at = now();
    Query row = db_->query(
        fmt::format(
            "WITH next AS (SELECT id FROM trials WHERE study_id = $1 AND state = 'queued' AND $2 IN ('', role) "
            "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED), "
            "taken AS (UPDATE trials t SET state = 'running', attempts = t.attempts + 1, worker = $3, started_at = $4 "
            "FROM next WHERE t.study_id = $1 AND t.id = next.id RETURNING t.*), "
            "noted AS (INSERT INTO leases (study_id, trial_id, attempt, worker, leased_at, expires_at, reason, message) "
            "SELECT $1, id, attempts, $3, $4, $5, 'none', '' FROM taken) "
            "SELECT {} FROM taken",
            kTrialColumns),
        study, wanted, worker, at, at + lease_seconds);
    if (!row->next()) return std::nullopt;
    auto trial = trial_from(*row);
    if (!trial) return tl::unexpected<Error>(trial.error());
    return LeasedTrial{{study, trial->id, trial->attempts}, std::move(*trial)};
  });
}

Result<TrialTally> PostgresqlStore::tally(StudyId study) {
  return read([&]() -> Result<TrialTally> {
    TrialTally tally;
    if (Query row = db_->query("SELECT last FROM landings WHERE study_id = $1", study); row->next()) {
      tally.landed = static_cast<std::uint64_t>(row->integer());
    }
    Query rows = db_->query(
        "SELECT role, state, count(*), sum(cost_seconds), max(greatest(queued_at, started_at, finished_at)) FROM trials "
        "WHERE study_id = $1 GROUP BY role, state",
        study);
    while (rows->next()) {
      const auto role = named<TrialRole>(kTrialRoleNames, rows->bytes());
      const auto state = named<TrialState>(kTrialStateNames, rows->bytes());
      if (!role || !state) return tl::unexpected<Error>(damaged(fmt::format("a trial of study {}", study)));
      tally.count[static_cast<std::size_t>(*role)][static_cast<std::size_t>(*state)] = static_cast<std::uint64_t>(rows->integer());
      tally.cost_seconds += rows->real();
      tally.last_at = std::max(tally.last_at, rows->real());
    }
    return tally;
  });
}

}  // namespace nascent::core::store::postgresql
