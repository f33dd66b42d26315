// Trials as their coordinator writes them, and as everybody reads them.
#include <fmt/format.h>

#include <charconv>

#include "clock.hpp"
#include "refusals.hpp"
#include "sqlite_store.hpp"

// In the order in which trial_from() reads them.
#define NASCENT_TRIAL_COLUMNS                                                                                      \
  "id, role, state, reason, message, configuration, seed, architecture_hash, duplicate_of, parent, budget_spent, " \
  "metrics, details, accepted, attempts, worker, queued_at, started_at, finished_at, cost_seconds, artifact_dir "

namespace nascent::core::store {

Error SqliteStore::damaged(std::string_view row) const {
  return {ErrorKind::store,
          fmt::format("store {}: the row of {} is damaged; restore a copy of the store", db_->path(), row)};
}

Result<const ParameterNames*> SqliteStore::names_of(StudyId study) {
  if (const auto known = names_.find(study); known != names_.end()) return &known->second;
  Query row = db_->query("SELECT space FROM studies WHERE id = ?", study);
  if (!row.next()) return no_study(db_->path(), study);
  auto names = ParameterNames::parse(row.bytes());
  if (!names) return tl::unexpected<Error>(names.error().within("store " + db_->path()));
  return &names_.emplace(study, std::move(*names)).first->second;
}

Result<Trial> SqliteStore::trial_from(Query& row) {
  Trial trial;
  trial.id = static_cast<TrialId>(row.integer());
  const auto role = named<TrialRole>(kTrialRoleNames, row.bytes());
  const auto state = named<TrialState>(kTrialStateNames, row.bytes());
  const auto reason = named<FailureReason>(kFailureReasonNames, row.bytes());
  trial.message = row.text();
  auto configuration = configuration_from_bytes(row.bytes());
  const std::string_view seed = row.bytes();
  const auto seed_read = std::from_chars(seed.data(), seed.data() + seed.size(), trial.seed);
  trial.architecture_hash = row.text();
  trial.duplicate_of = row.optional_integer();
  trial.parent = row.optional_integer();
  trial.budget_spent = row.number();
  auto metrics = metrics_from_json(row.bytes());
  trial.details_json = row.text();
  trial.accepted = row.integer() != 0;
  trial.attempts = static_cast<std::uint32_t>(row.integer());
  trial.worker = row.text();
  trial.queued_at = row.real();
  trial.started_at = row.real();
  trial.finished_at = row.real();
  trial.cost_seconds = row.number();
  trial.artifact_dir = row.text();
  if (!role || !state || !reason || !configuration || !metrics || seed_read.ec != std::errc{}) {
    return tl::unexpected<Error>(damaged(fmt::format("trial {}", trial.id)));
  }
  trial.role = *role;
  trial.state = *state;
  trial.reason = *reason;
  trial.configuration = std::move(*configuration);
  trial.metrics = std::move(*metrics);
  return trial;
}

Result<std::vector<Trial>> SqliteStore::trials_from(Query& rows) {
  std::vector<Trial> trials;
  while (rows.next()) {
    auto trial = trial_from(rows);
    if (!trial) return tl::unexpected<Error>(trial.error());
    trials.push_back(std::move(*trial));
  }
  return trials;
}

Result<void> SqliteStore::insert(StudyId study, const Trial& trial, std::optional<std::uint64_t> landed) {
  const auto names = names_of(study);
  if (!names) return tl::unexpected<Error>(names.error());
  if (auto fits = (*names)->check(trial.configuration); !fits) return misfit(db_->path(), trial.id, fits.error());
  db_->execute("INSERT INTO trials (study_id, " NASCENT_TRIAL_COLUMNS
               ", parameters, landed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               study, trial.id, name_of(trial.role), name_of(trial.state), name_of(trial.reason), trial.message,
               Blob{configuration_to_bytes(trial.configuration)}, std::to_string(trial.seed), trial.architecture_hash,
               trial.duplicate_of, trial.parent, Number{trial.budget_spent}, metrics_to_json(trial.metrics),
               trial.details_json, trial.accepted, trial.attempts, trial.worker, trial.queued_at, trial.started_at,
               trial.finished_at, Number{trial.cost_seconds}, trial.artifact_dir,
               (*names)->to_json(trial.configuration), landed);
  return {};
}

std::optional<TrialState> SqliteStore::stored_state(StudyId study, TrialId trial) {
  Query row = db_->query("SELECT state FROM trials WHERE study_id = ? AND id = ?", study, trial);
  return row.next() ? named<TrialState>(kTrialStateNames, row.bytes()) : std::nullopt;
}

std::uint64_t SqliteStore::next_landed(StudyId study) {
  Query row = db_->query(
      "SELECT max(landed) FROM trials INDEXED BY trials_landed WHERE study_id = ? AND landed IS NOT NULL", study);
  return row.next() ? static_cast<std::uint64_t>(row.integer()) + 1 : 1;
}

void SqliteStore::set_result(StudyId study, TrialId id, const Trial& result, double finished_at, std::uint64_t landed) {
  db_->execute(
      "UPDATE trials SET state = ?, reason = ?, message = ?, architecture_hash = ?, duplicate_of = ?, budget_spent = "
      "?, "
      "metrics = ?, details = ?, accepted = ?, finished_at = ?, cost_seconds = ?, artifact_dir = ?, landed = ? "
      "WHERE study_id = ? AND id = ?",
      name_of(result.state), name_of(result.reason), result.message, result.architecture_hash, result.duplicate_of,
      Number{result.budget_spent}, metrics_to_json(result.metrics), result.details_json, result.accepted, finished_at,
      Number{result.cost_seconds}, result.artifact_dir, landed, study, id);
}

Result<void> SqliteStore::enqueue(const Coordinator& coordinator, std::span<const Trial> trials) {
  return write_as(coordinator, [&]() -> Result<void> {
    const double at = now();
    for (const Trial& given : trials) {
      if (stored_state(coordinator.study, given.id)) return trial_exists(db_->path(), given.id);
      Trial trial = given;
      trial.state = TrialState::queued;
      trial.queued_at = at;
      if (auto stored = insert(coordinator.study, trial, std::nullopt); !stored) return stored;
    }
    return {};
  });
}

Result<void> SqliteStore::record_finished(const Coordinator& coordinator, std::span<const Trial> trials) {
  return write_as(coordinator, [&]() -> Result<void> {
    const double at = now();
    std::uint64_t landed = trials.empty() ? 0 : next_landed(coordinator.study);
    for (const Trial& given : trials) {
      if (!given.finished()) return not_finished(db_->path(), given.id);
      if (const auto state = stored_state(coordinator.study, given.id)) {
        if (*state != TrialState::queued && *state != TrialState::paused) return trial_exists(db_->path(), given.id);
        set_result(coordinator.study, given.id, given, given.finished_at == 0 ? at : given.finished_at, landed++);
        continue;
      }
      Trial trial = given;
      for (double* time : {&trial.queued_at, &trial.started_at, &trial.finished_at}) {
        if (*time == 0) *time = at;
      }
      if (auto stored = insert(coordinator.study, trial, landed++); !stored) return stored;
    }
    return {};
  });
}

Result<void> SqliteStore::set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) {
  return write_as(coordinator, [&]() -> Result<void> {
    for (const TrialId trial : accepted) {
      if (db_->execute("UPDATE trials SET accepted = 1 WHERE study_id = ? AND id = ?", coordinator.study, trial) == 0) {
        return no_trial(db_->path(), trial);
      }
    }
    return {};
  });
}

Result<void> SqliteStore::promote(const Coordinator& coordinator, TrialId trial) {
  return write_as(coordinator, [&]() -> Result<void> {
    const auto changed =
        db_->execute("UPDATE trials SET state = 'queued' WHERE study_id = ? AND id = ? AND state = 'paused'",
                     coordinator.study, trial);
    return changed == 1 ? Result<void>{} : not_paused(db_->path(), trial);
  });
}

Result<std::vector<Trial>> SqliteStore::trials(StudyId study, const TrialFilter& filter) {
  return read([&]() -> Result<std::vector<Trial>> {
    const auto limit = static_cast<std::int64_t>(std::min<std::size_t>(filter.limit, INT64_MAX));
    const auto state = filter.state ? std::optional(name_of(*filter.state)) : std::nullopt;
    const auto role = filter.role ? std::optional(name_of(*filter.role)) : std::nullopt;
    Query rows = db_->query("SELECT " NASCENT_TRIAL_COLUMNS
                            "FROM trials WHERE study_id = ?1 AND id >= ?2 AND (?3 IS NULL OR state = ?3) AND "
                            "(?4 IS NULL OR role = ?4) ORDER BY id LIMIT ?5",
                            study, filter.first, state, role, limit);
    return trials_from(rows);
  });
}

Result<std::optional<Trial>> SqliteStore::stored_trial(StudyId study, TrialId trial) {
  Query row = db_->query("SELECT " NASCENT_TRIAL_COLUMNS "FROM trials WHERE study_id = ? AND id = ?", study, trial);
  if (!row.next()) return std::nullopt;
  return trial_from(row).map([](Trial&& found) { return std::optional(std::move(found)); });
}

Result<std::optional<Trial>> SqliteStore::trial(StudyId study, TrialId trial) {
  return read([&] { return stored_trial(study, trial); });
}

Result<TrialTally> SqliteStore::tally(StudyId study) {
  return read([&]() -> Result<TrialTally> {
    TrialTally tally;
    tally.landed = next_landed(study) - 1;
    // Counting here is faster than GROUP BY, which would sort.
    Query rows = db_->query("SELECT role, state, cost_seconds, queued_at, started_at, finished_at, id FROM trials WHERE study_id = ?", study);
    while (rows.next()) {
      const auto role = named<TrialRole>(kTrialRoleNames, rows.bytes());
      const auto state = named<TrialState>(kTrialStateNames, rows.bytes());
      const double cost_seconds = rows.number();
      for (int time = 0; time < 3; ++time) tally.last_at = std::max(tally.last_at, rows.real());
      if (!role || !state) return tl::unexpected<Error>(damaged(fmt::format("trial {}", rows.integer())));
      ++tally.count[static_cast<std::size_t>(*role)][static_cast<std::size_t>(*state)];
      tally.cost_seconds += cost_seconds;
    }
    return tally;
  });
}

Result<FinishedTrials> SqliteStore::finished_since(StudyId study, std::uint64_t cursor) {
  return read([&]() -> Result<FinishedTrials> {
    FinishedTrials finished{cursor, {}};
    Query rows = db_->query("SELECT landed, " NASCENT_TRIAL_COLUMNS
                            "FROM trials INDEXED BY trials_landed WHERE study_id = ? AND landed > ? AND state NOT IN "
                            "('queued', 'running') ORDER BY landed",
                            study, cursor);
    while (rows.next()) {
      finished.cursor = static_cast<std::uint64_t>(rows.integer());
      auto trial = trial_from(rows);
      if (!trial) return tl::unexpected<Error>(trial.error());
      finished.trials.push_back(std::move(*trial));
    }
    return finished;
  });
}

}  // namespace nascent::core::store
