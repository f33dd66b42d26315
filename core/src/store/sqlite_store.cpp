// Studies, their coordinator, and their diary.
#include "sqlite_store.hpp"

#include <fmt/format.h>

#include <charconv>

#include "clock.hpp"
#include "process.hpp"
#include "refusals.hpp"

namespace nascent::core::store {

Result<std::uint64_t> SqliteStore::version() {
  return read([&]() -> Result<std::uint64_t> {
    // Counts the commits of other connections only.
    Query row = db_->query("PRAGMA data_version");
    const auto others = row.next() ? static_cast<std::uint64_t>(row.integer()) : 0;
    return others + own_commits_;
  });
}

void SqliteStore::set_synchronous(bool full) {
  if (full == synchronous_full_) return;
  db_->script(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  synchronous_full_ = full;
}

Result<StudyId> SqliteStore::create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue) {
  if (study.name.empty()) return study_unnamed(db_->path());
  if (auto names = ParameterNames::parse(study.space_json); !names) {
    return tl::unexpected<Error>(names.error().within("study \"" + study.name + "\""));
  }
  return write(
      [&]() -> Result<StudyId> {
        if (Query row = db_->query("SELECT 1 FROM studies WHERE name = ?", study.name); row.next()) {
          return study_exists(db_->path(), study.name);
        }
        db_->execute(
            "INSERT INTO studies (name, created_at, seed, parallel, objectives, resolved_config, space, "
            "space_fingerprint, "
            "nascent_version, state, stop_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '')",
            study.name, now(), std::to_string(study.seed), study.parallel, study.objectives_json, study.resolved_config,
            study.space_json, study.space_fingerprint, study.nascent_version);
        const StudyId id = db_->last_insert_rowid();
        for (std::size_t i = 0; i < study.plugins.size(); ++i) {
          const PluginRecord& plugin = study.plugins[i];
          db_->execute(
              "INSERT INTO plugins (study_id, position, kind, id, alias, version, path, sha256) VALUES (?, ?, ?, ?, ?, "
              "?, ?, ?)",
              id, i, plugin.kind, plugin.id, plugin.alias, plugin.version, plugin.path, plugin.sha256);
        }
        Result<void> queued;
        for (std::size_t i = 0; i < queue.size() && queued; ++i) queued = insert(id, queue[i]);
        names_.erase(id);  // another study may get this id yet
        if (!queued) return tl::unexpected<Error>(queued.error());
        return id;
      },
      Sync::now);
}

std::vector<PluginRecord> SqliteStore::plugins_of(StudyId study) {
  std::vector<PluginRecord> plugins;
  Query row = db_->query(
      "SELECT kind, id, alias, version, path, sha256 FROM plugins WHERE study_id = ? ORDER BY position", study);
  while (row.next()) {
    PluginRecord& plugin = plugins.emplace_back();
    for (auto* field : {&plugin.kind, &plugin.id, &plugin.alias, &plugin.version, &plugin.path, &plugin.sha256}) {
      *field = row.text();
    }
  }
  return plugins;
}

Result<std::vector<StudyRecord>> SqliteStore::studies() {
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

Result<std::optional<StudyRecord>> SqliteStore::study(std::string_view name) {
  auto all = studies();
  if (!all) return tl::unexpected<Error>(all.error());
  for (StudyRecord& study : *all) {
    if (study.name == name) return std::move(study);
  }
  return std::nullopt;
}

Result<StudyState> SqliteStore::state_of(StudyId study) {
  Query row = db_->query("SELECT state FROM studies WHERE id = ?", study);
  if (row.next()) {
    if (const auto state = named<StudyState>(kStudyStateNames, row.bytes())) return *state;
  }
  return no_study(db_->path(), study);
}

Result<StudyState> SqliteStore::study_state(StudyId study) {
  return read([&] { return state_of(study); });
}

std::optional<SqliteStore::Holder> SqliteStore::last_holder(StudyId study) {
  Query row = db_->query(
      "SELECT epoch, held, host, scope, pid, start_ticks, since, renewed_at FROM coordinators WHERE study_id = ?", study);
  if (!row.next()) return std::nullopt;
  Holder holder;
  holder.epoch = static_cast<std::uint64_t>(row.integer());
  holder.held = row.integer() != 0;
  holder.process.host = row.text();
  holder.process.scope = row.text();
  holder.process.pid = row.integer();
  holder.process.start_ticks = static_cast<std::uint64_t>(row.integer());
  holder.since = row.real();
  holder.renewed_at = row.real();
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
        db_->execute(
            "INSERT OR REPLACE INTO coordinators (study_id, epoch, held, host, scope, pid, start_ticks, since, "
            "renewed_at) "
            "VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)",
            study, epoch, self.host, self.scope, self.pid, self.start_ticks, at, at);
        return Coordinator{study, epoch};
      },
      Sync::now);
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

Result<void> SqliteStore::check(const Coordinator& coordinator) {
  Query row = db_->query("SELECT epoch, held, host, pid FROM coordinators WHERE study_id = ?", coordinator.study);
  if (!row.next()) return coordinator_released(db_->path());
  const auto epoch = static_cast<std::uint64_t>(row.integer());
  const bool held = row.integer() != 0;
  if (epoch != coordinator.epoch) {
    const std::string host = row.text();
    return coordinator_lost(db_->path(), host, row.integer());
  }
  return held ? Result<void>{} : coordinator_released(db_->path());
}

Result<void> SqliteStore::renew(const Coordinator& coordinator) {
  return write_as(coordinator, [&]() -> Result<void> {
    db_->execute("UPDATE coordinators SET renewed_at = ? WHERE study_id = ?", now(), coordinator.study);
    return {};
  });
}

Result<void> SqliteStore::release(const Coordinator& coordinator) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        db_->execute("UPDATE coordinators SET held = 0 WHERE study_id = ?", coordinator.study);
        return {};
      },
      Sync::now);
}

Result<void> SqliteStore::set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        db_->execute("UPDATE studies SET state = ?, stop_reason = ? WHERE id = ?", name_of(state), reason,
                     coordinator.study);
        return {};
      },
      Sync::now);
}

Result<void> SqliteStore::set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        db_->execute("UPDATE studies SET resolved_config = ? WHERE id = ?", resolved_config, coordinator.study);
        return {};
      },
      Sync::now);
}

Result<void> SqliteStore::add_event(StudyId study, std::string_view kind, std::string_view data_json) {
  return write([&]() -> Result<void> {
    db_->execute("INSERT INTO events (study_id, at, kind, data) VALUES (?, ?, ?, ?)", study, now(), kind, data_json);
    return {};
  });
}

Result<std::vector<EventRecord>> SqliteStore::events(StudyId study, std::uint64_t after_id) {
  return read([&]() -> Result<std::vector<EventRecord>> {
    std::vector<EventRecord> events;
    Query row =
        db_->query("SELECT id, at, kind, data FROM events WHERE study_id = ? AND id > ? ORDER BY id", study, after_id);
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

Result<void> SqliteStore::record_test_opening(StudyId study, TrialId trial, std::string_view purpose) {
  return write(
      [&]() -> Result<void> {
        db_->execute("INSERT INTO test_openings (study_id, trial_id, purpose, opened_at) VALUES (?, ?, ?, ?)", study,
                     trial, purpose, now());
        return {};
      },
      Sync::now);
}

Result<std::vector<TestOpening>> SqliteStore::test_openings(StudyId study) {
  return read([&]() -> Result<std::vector<TestOpening>> {
    std::vector<TestOpening> openings;
    Query row =
        db_->query("SELECT trial_id, purpose, opened_at FROM test_openings WHERE study_id = ? ORDER BY id", study);
    while (row.next()) {
      TestOpening& opening = openings.emplace_back();
      opening.trial = static_cast<TrialId>(row.integer());
      opening.purpose = row.text();
      opening.opened_at = row.real();
    }
    return openings;
  });
}

}  // namespace nascent::core::store
