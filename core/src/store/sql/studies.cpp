// Studies, the right to change them, and their diary.
#include "store/sql/store.hpp"

#include <fmt/format.h>

#include <charconv>

#include "store/refusals.hpp"

namespace nascent::core::store {

Result<StudyId> SqlStore::create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue) {
  if (study.name.empty()) return study_unnamed(sql_.path());
  if (auto names = ParameterNames::parse(study.space_json); !names) {
    return tl::unexpected<Error>(names.error().within("study \"" + study.name + "\""));
  }
  return write(
      [&]() -> Result<StudyId> {
        Query created = sql_.query(
            fmt::format("INSERT INTO studies (name, created_at, seed, parallel, objectives, resolved_config, space, "
                        "space_fingerprint, nascent_version, state, stop_reason) VALUES {} ON CONFLICT (name) DO NOTHING "
                        "RETURNING id",
                        placeholders(11)),
            study.name, now(), std::to_string(study.seed), study.parallel, study.objectives_json, study.resolved_config,
            study.space_json, study.space_fingerprint, study.nascent_version, name_of(StudyState::running), std::string_view());
        if (!created->next()) return study_exists(sql_.path(), study.name);
        const StudyId id = created->integer();
        created.reset();
        on_created(id);
        for (std::size_t i = 0; i < study.plugins.size(); ++i) {
          const PluginRecord& plugin = study.plugins[i];
          sql_.execute(fmt::format("INSERT INTO plugins (study_id, position, kind, id, alias, version, path, sha256) VALUES {}",
                                   placeholders(8)),
                       id, i, plugin.kind, plugin.id, plugin.alias, plugin.version, plugin.path, plugin.sha256);
        }
        Result<void> queued;
        for (std::size_t i = 0; i < queue.size() && queued; ++i) queued = insert(id, queue[i]);
        names_.erase(id);  // another study may get this id yet
        if (!queued) return tl::unexpected<Error>(queued.error());
        return id;
      },
      Change::landmark);
}

std::vector<PluginRecord> SqlStore::plugins_of(StudyId study) {
  std::vector<PluginRecord> plugins;
  Query row = sql_.query(
      "SELECT kind, id, alias, version, path, sha256 FROM plugins WHERE study_id = $1 ORDER BY position", study);
  while (row->next()) {
    PluginRecord& plugin = plugins.emplace_back();
    for (auto* field : {&plugin.kind, &plugin.id, &plugin.alias, &plugin.version, &plugin.path, &plugin.sha256}) {
      *field = row->text();
    }
  }
  return plugins;
}

Result<std::vector<StudyRecord>> SqlStore::studies() {
  return read([&]() -> Result<std::vector<StudyRecord>> {
    std::vector<StudyRecord> studies;
    Query row = sql_.query(
        "SELECT id, name, created_at, seed, parallel, objectives, resolved_config, space, space_fingerprint, "
        "nascent_version, state, stop_reason FROM studies ORDER BY id");
    while (row->next()) {
      StudyRecord& study = studies.emplace_back();
      study.id = row->integer();
      study.name = row->text();
      study.created_at = row->real();
      const auto seed = row->bytes();
      const auto parsed = std::from_chars(seed.data(), seed.data() + seed.size(), study.seed);
      study.parallel = static_cast<std::uint32_t>(row->integer());
      study.objectives_json = row->text();
      study.resolved_config = row->text();
      study.space_json = row->text();
      study.space_fingerprint = row->text();
      study.nascent_version = row->text();
      const auto state = named<StudyState>(kStudyStateNames, row->bytes());
      study.stop_reason = row->text();
      if (parsed.ec != std::errc{} || !state) {
        return fail(ErrorKind::store, fmt::format("store {}: the row of study {} is damaged", sql_.path(), study.id));
      }
      study.state = *state;
      study.plugins = plugins_of(study.id);
    }
    return studies;
  });
}

Result<std::optional<StudyRecord>> SqlStore::study(std::string_view name) {
  auto all = studies();
  if (!all) return tl::unexpected<Error>(all.error());
  for (StudyRecord& study : *all) {
    if (study.name == name) return std::move(study);
  }
  return std::nullopt;
}

Result<StudyState> SqlStore::state_of(StudyId study) {
  Query row = sql_.query("SELECT state FROM studies WHERE id = $1", study);
  if (row->next()) {
    if (const auto state = named<StudyState>(kStudyStateNames, row->bytes())) return *state;
  }
  return no_study(sql_.path(), study);
}

Result<StudyState> SqlStore::study_state(StudyId study) {
  return read([&] { return state_of(study); });
}

Result<void> SqlStore::check(const Coordinator& coordinator) {
  Query row = sql_.query(
      fmt::format("SELECT epoch, held, host, pid FROM coordinators WHERE study_id = $1 {}", dialect_.for_share), coordinator.study);
  if (!row->next()) return coordinator_released(sql_.path());
  const auto epoch = static_cast<std::uint64_t>(row->integer());
  const bool held = row->flag();
  if (epoch != coordinator.epoch) {
    const std::string host = row->text();
    return coordinator_lost(sql_.path(), host, row->integer());
  }
  return held ? Result<void>{} : coordinator_released(sql_.path());
}

Result<void> SqlStore::renew(const Coordinator& coordinator) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        sql_.execute("UPDATE coordinators SET renewed_at = $1 WHERE study_id = $2", now(), coordinator.study);
        return {};
      },
      Change::sign_of_life);
}

Result<void> SqlStore::release(const Coordinator& coordinator) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        sql_.execute("UPDATE coordinators SET held = $1 WHERE study_id = $2", false, coordinator.study);
        on_released(coordinator.study);
        return {};
      },
      Change::landmark);
}

Result<void> SqlStore::set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        sql_.execute("UPDATE studies SET state = $1, stop_reason = $2 WHERE id = $3", name_of(state), reason,
                     coordinator.study);
        return {};
      },
      Change::landmark);
}

Result<void> SqlStore::set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) {
  return write_as(
      coordinator,
      [&]() -> Result<void> {
        sql_.execute("UPDATE studies SET resolved_config = $1 WHERE id = $2", resolved_config, coordinator.study);
        return {};
      },
      Change::landmark);
}

Result<void> SqlStore::add_event(StudyId study, std::string_view kind, std::string_view data_json) {
  return write([&]() -> Result<void> {
    take_turn(study);  // who reads on from an id has seen all before it
    sql_.execute("INSERT INTO events (study_id, at, kind, data) VALUES ($1, $2, $3, $4)", study, now(), kind,
                 data_json);
    return {};
  });
}

Result<std::vector<EventRecord>> SqlStore::events(StudyId study, std::uint64_t after_id) {
  return read([&]() -> Result<std::vector<EventRecord>> {
    std::vector<EventRecord> events;
    Query row = sql_.query("SELECT id, at, kind, data FROM events WHERE study_id = $1 AND id > $2 ORDER BY id", study,
                           after_id);
    while (row->next()) {
      EventRecord& event = events.emplace_back();
      event.id = static_cast<std::uint64_t>(row->integer());
      event.at = row->real();
      event.kind = row->text();
      event.data_json = row->text();
    }
    return events;
  });
}

Result<void> SqlStore::record_test_opening(StudyId study, TrialId trial, std::string_view purpose) {
  return write(
      [&]() -> Result<void> {
        sql_.execute("INSERT INTO test_openings (study_id, trial_id, purpose, opened_at) VALUES ($1, $2, $3, $4)", study,
                     trial, purpose, now());
        return {};
      },
      Change::landmark);
}

Result<std::vector<TestOpening>> SqlStore::test_openings(StudyId study) {
  return read([&]() -> Result<std::vector<TestOpening>> {
    std::vector<TestOpening> openings;
    Query row =
        sql_.query("SELECT trial_id, purpose, opened_at FROM test_openings WHERE study_id = $1 ORDER BY id", study);
    while (row->next()) {
      TestOpening& opening = openings.emplace_back();
      opening.trial = static_cast<TrialId>(row->integer());
      opening.purpose = row->text();
      opening.opened_at = row->real();
    }
    return openings;
  });
}

}  // namespace nascent::core::store
