// Trials as their coordinator writes them, and as everybody reads them.
#include <fmt/format.h>

#include <charconv>

#include "store/postgresql/store.hpp"
#include "store/refusals.hpp"

namespace nascent::core::store::postgresql {

Error PostgresqlStore::damaged(std::string_view row) const {
  return {ErrorKind::store,
          fmt::format("store {}: the row of {} is damaged; restore a copy of the store", db_->path(), row)};
}

Result<const ParameterNames*> PostgresqlStore::names_of(StudyId study) {
  if (const auto known = names_.find(study); known != names_.end()) return &known->second;
  Query row = db_->query("SELECT space FROM studies WHERE id = $1", study);
  if (!row.next()) return no_study(db_->path(), study);
  auto names = ParameterNames::parse(row.bytes());
  if (!names) return tl::unexpected<Error>(names.error().within("store " + db_->path()));
  return &names_.emplace(study, std::move(*names)).first->second;
}

Result<Trial> PostgresqlStore::trial_from(Query& row) {
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
  trial.budget_spent = row.real();
  auto metrics = metrics_from_json(row.bytes());
  trial.details_json = row.text();
  trial.accepted = row.integer() != 0;
  trial.attempts = static_cast<std::uint32_t>(row.integer());
  trial.worker = row.text();
  trial.queued_at = row.real();
  trial.started_at = row.real();
  trial.finished_at = row.real();
  trial.cost_seconds = row.real();
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

Result<std::vector<Trial>> PostgresqlStore::trials_from(Query& rows) {
  std::vector<Trial> trials;
  while (rows.next()) {
    auto trial = trial_from(rows);
    if (!trial) return tl::unexpected<Error>(trial.error());
    trials.push_back(std::move(*trial));
  }
  return trials;
}

Result<void> PostgresqlStore::insert(StudyId study, const Trial& trial, std::optional<std::uint64_t> landed) {
  const auto names = names_of(study);
  if (!names) return tl::unexpected<Error>(names.error());
  if (auto fits = (*names)->check(trial.configuration); !fits) return misfit(db_->path(), trial.id, fits.error());
  db_->execute("INSERT INTO trials (study_id, " NASCENT_TRIAL_COLUMNS
               ", parameters, landed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
               "$17, $18, $19, $20, $21, $22, $23, $24)",
               study, trial.id, name_of(trial.role), name_of(trial.state), name_of(trial.reason), trial.message,
               Blob{configuration_to_bytes(trial.configuration)}, std::to_string(trial.seed), trial.architecture_hash,
               trial.duplicate_of, trial.parent, trial.budget_spent, metrics_to_json(trial.metrics), trial.details_json,
               trial.accepted, trial.attempts, trial.worker, trial.queued_at, trial.started_at, trial.finished_at,
               trial.cost_seconds, trial.artifact_dir, (*names)->to_json(trial.configuration), landed);
  return {};
}

std::optional<TrialState> PostgresqlStore::stored_state(StudyId study, TrialId trial) {
  Query row = db_->query("SELECT state FROM trials WHERE study_id = $1 AND id = $2", study, trial);
  return row.next() ? named<TrialState>(kTrialStateNames, row.bytes()) : std::nullopt;
}

std::uint64_t PostgresqlStore::next_landed(StudyId study, std::size_t count) {
  Query row =
      db_->query("UPDATE landings SET last = last + $2 WHERE study_id = $1 RETURNING last - $2 + 1", study, count);
  return row.next() ? static_cast<std::uint64_t>(row.integer()) : 0;
}

void PostgresqlStore::set_result(StudyId study, TrialId id, const Trial& result, double finished_at,
                                 std::uint64_t landed) {
  db_->execute(
      "UPDATE trials SET state = $1, reason = $2, message = $3, architecture_hash = $4, duplicate_of = $5, "
      "budget_spent = "
      "$6, "
      "metrics = $7, details = $8, accepted = $9, finished_at = $10, cost_seconds = $11, artifact_dir = $12, landed = "
      "$13 "
      "WHERE study_id = $14 AND id = $15",
      name_of(result.state), name_of(result.reason), result.message, result.architecture_hash, result.duplicate_of,
      result.budget_spent, metrics_to_json(result.metrics), result.details_json, result.accepted, finished_at,
      result.cost_seconds, result.artifact_dir, landed, study, id);
}

Result<void> PostgresqlStore::enqueue(const Coordinator& coordinator, std::span<const Trial> trials) {
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

Result<void> PostgresqlStore::record_finished(const Coordinator& coordinator, std::span<const Trial> trials) {
  return write_as(coordinator, [&]() -> Result<void> {
    const double at = now();
    std::uint64_t landed = trials.empty() ? 0 : next_landed(coordinator.study, trials.size());
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

Result<void> PostgresqlStore::set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) {
  return write_as(coordinator, [&]() -> Result<void> {
    for (const TrialId trial : accepted) {
      if (db_->execute("UPDATE trials SET accepted = true WHERE study_id = $1 AND id = $2", coordinator.study, trial) ==
          0) {
        return no_trial(db_->path(), trial);
      }
    }
    return {};
  });
}

Result<void> PostgresqlStore::promote(const Coordinator& coordinator, TrialId trial) {
  return write_as(coordinator, [&]() -> Result<void> {
    const auto changed =
        db_->execute("UPDATE trials SET state = 'queued' WHERE study_id = $1 AND id = $2 AND state = 'paused'",
                     coordinator.study, trial);
    return changed == 1 ? Result<void>{} : not_paused(db_->path(), trial);
  });
}

Result<std::vector<Trial>> PostgresqlStore::trials(StudyId study, const TrialFilter& filter) {
  return read([&]() -> Result<std::vector<Trial>> {
    const auto limit = static_cast<std::int64_t>(std::min<std::size_t>(filter.limit, INT64_MAX));
    const auto state = filter.state ? std::optional(name_of(*filter.state)) : std::nullopt;
    const auto role = filter.role ? std::optional(name_of(*filter.role)) : std::nullopt;
    Query rows = db_->query("SELECT " NASCENT_TRIAL_COLUMNS
                            "FROM trials WHERE study_id = $1 AND id >= $2 AND ($3 IS NULL OR state = $3) AND "
                            "($4 IS NULL OR role = $4) ORDER BY id LIMIT $5",
                            study, filter.first, state, role, limit);
    return trials_from(rows);
  });
}

Result<std::optional<Trial>> PostgresqlStore::trial(StudyId study, TrialId trial) {
  return read([&]() -> Result<std::optional<Trial>> {
    Query row = db_->query("SELECT " NASCENT_TRIAL_COLUMNS "FROM trials WHERE study_id = $1 AND id = $2", study, trial);
    if (!row.next()) return std::nullopt;
    return trial_from(row).map([](Trial&& found) { return std::optional(std::move(found)); });
  });
}

Result<FinishedTrials> PostgresqlStore::finished_since(StudyId study, std::uint64_t cursor) {
  return read([&]() -> Result<FinishedTrials> {
    FinishedTrials finished{cursor, {}};
    Query rows = db_->query("SELECT landed, " NASCENT_TRIAL_COLUMNS
                            "FROM trials WHERE study_id = $1 AND landed > $2 AND state NOT IN "
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

}  // namespace nascent::core::store::postgresql
