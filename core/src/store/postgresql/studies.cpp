// Studies, their coordinator, and their diary.
#include "store/postgresql/store.hpp"

#include <fmt/format.h>

#include <charconv>

#include "store/postgresql/schema.hpp"
#include "store/process.hpp"
#include "store/refusals.hpp"

namespace nascent::core::store::postgresql {

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

Result<StudyId> PostgresqlStore::create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue) {
  if (study.name.empty()) return study_unnamed(db_->path());
  if (auto names = ParameterNames::parse(study.space_json); !names) {
    return tl::unexpected<Error>(names.error().within("study \"" + study.name + "\""));
  }
  return write([&]() -> Result<StudyId> {
    // Two that create the same study at once: the second waits here, and sees the first one's.
    db_->execute("SELECT pg_advisory_xact_lock($1::int, 0)", kLockClass);
    if (Query row = db_->query("SELECT 1 FROM studies WHERE name = $1", study.name); row.next()) {
      return study_exists(db_->path(), study.name);
    }
    Query created = db_->query(
        "INSERT INTO studies (name, created_at, seed, parallel, objectives, resolved_config, space, "
        "space_fingerprint, "
        "nascent_version, state, stop_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', '') RETURNING id",
        study.name, now(), std::to_string(study.seed), study.parallel, study.objectives_json, study.resolved_config,
        study.space_json, study.space_fingerprint, study.nascent_version);
    if (!created.next()) return study_exists(db_->path(), study.name);
    const StudyId id = created.integer();
    db_->execute("INSERT INTO landings (study_id, last) VALUES ($1, 0)", id);
    db_->execute(
        "INSERT INTO coordinators (study_id, epoch, held, host, pid, since, renewed_at) "
        "VALUES ($1, 0, false, '', 0, 0, 0)",
        id);
    for (std::size_t i = 0; i < study.plugins.size(); ++i) {
      const PluginRecord& plugin = study.plugins[i];
      db_->execute(
          "INSERT INTO plugins (study_id, position, kind, id, alias, version, path, sha256) VALUES ($1, $2, $3, $4, "
          "$5, "
          "$6, $7, $8)",
          id, i, plugin.kind, plugin.id, plugin.alias, plugin.version, plugin.path, plugin.sha256);
    }
    Result<void> queued;
    for (std::size_t i = 0; i < queue.size() && queued; ++i) queued = insert(id, queue[i]);
    names_.erase(id);  // another study may get this id yet
    if (!queued) return tl::unexpected<Error>(queued.error());
    return id;
  });
}

std::vector<PluginRecord> PostgresqlStore::plugins_of(StudyId study) {
  std::vector<PluginRecord> plugins;
  Query row = db_->query(
      "SELECT kind, id, alias, version, path, sha256 FROM plugins WHERE study_id = $1 ORDER BY position", study);
  while (row.next()) {
    PluginRecord& plugin = plugins.emplace_back();
    for (auto* field : {&plugin.kind, &plugin.id, &plugin.alias, &plugin.version, &plugin.path, &plugin.sha256}) {
      *field = row.text();
    }
  }
  return plugins;
}

Result<std::vector<StudyRecord>> PostgresqlStore::studies() {
  return read([&]() -> Result<std::vector<StudyRecord>> {
    std::vector<StudyRecord> studies;
    Query row = db_->query(
        "SELECT id, name, created_at, seed, parallel, objectives, resolved_config, space, space_fingerprint, "
        "nascent_version, state, stop_reason FROM studies ORDER BY id");
    while (row.next()) {
      StudyRecord& study = studies.emplace_back();
      study.id = row.integer();
      study.name = row.text();
      study.created_at = row.real();
      const auto seed = row.bytes();
      const auto parsed = std::from_chars(seed.data(), seed.data() + seed.size(), study.seed);
      study.parallel = static_cast<std::uint32_t>(row.integer());
      study.objectives_json = row.text();
      study.resolved_config = row.text();
      study.space_json = row.text();
      study.space_fingerprint = row.text();
      study.nascent_version = row.text();
      const auto state = named<StudyState>(kStudyStateNames, row.bytes());
      study.stop_reason = row.text();
      if (parsed.ec != std::errc{} || !state) {
        return fail(ErrorKind::store, fmt::format("store {}: the row of study {} is damaged", db_->path(), study.id));
      }
      study.state = *state;
      study.plugins = plugins_of(study.id);
    }
    return studies;
  });
}

Result<std::optional<StudyRecord>> PostgresqlStore::study(std::string_view name) {
  auto all = studies();
  if (!all) return tl::unexpected<Error>(all.error());
  for (StudyRecord& study : *all) {
    if (study.name == name) return std::move(study);
  }
  return std::nullopt;
}

Result<StudyState> PostgresqlStore::state_of(StudyId study) {
  Query row = db_->query("SELECT state FROM studies WHERE id = $1", study);
  if (row.next()) {
    if (const auto state = named<StudyState>(kStudyStateNames, row.bytes())) return *state;
  }
  return no_study(db_->path(), study);
}

Result<StudyState> PostgresqlStore::study_state(StudyId study) {
  return read([&] { return state_of(study); });
}

std::optional<PostgresqlStore::Holder> PostgresqlStore::last_holder(StudyId study) {
  Query row = db_->query(
      "SELECT epoch, held, host, pid, since, renewed_at, EXISTS (SELECT 1 FROM pg_locks l "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2::bigint::oid AND l.objid = $1::bigint::oid AND "
      "l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) "
      "FROM coordinators WHERE study_id = $1",
      study, kLockClass);
  if (!row.next()) return std::nullopt;
  Holder holder;
  holder.epoch = static_cast<std::uint64_t>(row.integer());
  holder.held = row.flag();
  holder.process.host = row.text();
  holder.process.pid = row.integer();
  holder.since = row.real();
  holder.renewed_at = row.real();
  holder.locked = row.flag();
  return holder;
}

bool PostgresqlStore::try_lock(StudyId study) {
  Query row = db_->query("SELECT pg_try_advisory_lock($1::int, $2::int)", kLockClass, study);
  return row.next() && row.flag();
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

Result<void> PostgresqlStore::check(const Coordinator& coordinator) {
  Query row =
      db_->query("SELECT epoch, held, host, pid FROM coordinators WHERE study_id = $1 FOR SHARE", coordinator.study);
  if (!row.next()) return coordinator_released(db_->path());
  const auto epoch = static_cast<std::uint64_t>(row.integer());
  const bool held = row.integer() != 0;
  if (epoch != coordinator.epoch) {
    const std::string host = row.text();
    return coordinator_lost(db_->path(), host, row.integer());
  }
  return held ? Result<void>{} : coordinator_released(db_->path());
}

Result<void> PostgresqlStore::renew(const Coordinator& coordinator) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        db_->execute("UPDATE coordinators SET renewed_at = $1 WHERE study_id = $2", now(), coordinator.study);
        return {};
      },
      Tell::nobody);
}

Result<void> PostgresqlStore::release(const Coordinator& coordinator) {
  return write_as(coordinator, [&]() -> Result<void> {
    db_->execute("UPDATE coordinators SET held = false WHERE study_id = $1", coordinator.study);
    // Whoever takes the lock from here on waits for the row.
    if (held_.erase(coordinator.study) != 0) {
      db_->execute("SELECT pg_advisory_unlock($1::int, $2::int)", kLockClass, coordinator.study);
    }
    return {};
  });
}

Result<void> PostgresqlStore::set_study_state(const Coordinator& coordinator, StudyState state,
                                              std::string_view reason) {
  return write_as(coordinator, [&]() -> Result<void> {
    db_->execute("UPDATE studies SET state = $1, stop_reason = $2 WHERE id = $3", name_of(state), reason,
                 coordinator.study);
    return {};
  });
}

Result<void> PostgresqlStore::set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) {
  return write_as(coordinator, [&]() -> Result<void> {
    db_->execute("UPDATE studies SET resolved_config = $1 WHERE id = $2", resolved_config, coordinator.study);
    return {};
  });
}

Result<void> PostgresqlStore::add_event(StudyId study, std::string_view kind, std::string_view data_json) {
  return write([&]() -> Result<void> {
    // One after the other: who reads on from an id has seen all before it.
    db_->execute("SELECT 1 FROM landings WHERE study_id = $1 FOR UPDATE", study);
    db_->execute("INSERT INTO events (study_id, at, kind, data) VALUES ($1, $2, $3, $4)", study, now(), kind,
                 data_json);
    return {};
  });
}

Result<std::vector<EventRecord>> PostgresqlStore::events(StudyId study, std::uint64_t after_id) {
  return read([&]() -> Result<std::vector<EventRecord>> {
    std::vector<EventRecord> events;
    Query row = db_->query("SELECT id, at, kind, data FROM events WHERE study_id = $1 AND id > $2 ORDER BY id", study,
                           after_id);
    while (row.next()) {
      EventRecord& event = events.emplace_back();
      event.id = static_cast<std::uint64_t>(row.integer());
      event.at = row.real();
      event.kind = row.text();
      event.data_json = row.text();
    }
    return events;
  });
}

Result<void> PostgresqlStore::record_test_opening(StudyId study, TrialId trial, std::string_view purpose) {
  return write([&]() -> Result<void> {
    db_->execute("INSERT INTO test_openings (study_id, trial_id, purpose, opened_at) VALUES ($1, $2, $3, $4)", study,
                 trial, purpose, now());
    return {};
  });
}

Result<std::vector<TestOpening>> PostgresqlStore::test_openings(StudyId study) {
  return read([&]() -> Result<std::vector<TestOpening>> {
    std::vector<TestOpening> openings;
    Query row =
        db_->query("SELECT trial_id, purpose, opened_at FROM test_openings WHERE study_id = $1 ORDER BY id", study);
    while (row.next()) {
      TestOpening& opening = openings.emplace_back();
      opening.trial = static_cast<TrialId>(row.integer());
      opening.purpose = row.text();
      opening.opened_at = row.real();
    }
    return openings;
  });
}

}  // namespace nascent::core::store::postgresql
