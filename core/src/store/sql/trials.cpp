// Trials as their coordinator writes them, and as everybody reads them.
#include <fmt/format.h>

#include <charconv>

#include "store/sql/store.hpp"
#include "store/refusals.hpp"

namespace nascent::core::store {

std::string placeholders(int count) {
  std::string list = "(";
  for (int i = 1; i <= count; ++i) list += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  return list + ")";
}

Error SqlStore::damaged(std::string_view row) const {
  return {ErrorKind::store,
          fmt::format("store {}: the row of {} is damaged; restore a copy of the store", sql_.path(), row)};
}

Result<const ParameterNames*> SqlStore::names_of(StudyId study) {
  if (const auto known = names_.find(study); known != names_.end()) return &known->second;
  Query row = sql_.query("SELECT space FROM studies WHERE id = $1", study);
  if (!row->next()) return no_study(sql_.path(), study);
  auto names = ParameterNames::parse(row->bytes());
  if (!names) return tl::unexpected<Error>(names.error().within("store " + sql_.path()));
  return &names_.emplace(study, std::move(*names)).first->second;
}

Result<Trial> SqlStore::trial_from(Rows& row) {
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
  trial.accepted = row.flag();
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

Result<void> SqlStore::insert(StudyId study, const Trial& trial, std::optional<std::uint64_t> landed) {
  const auto names = names_of(study);
  if (!names) return tl::unexpected<Error>(names.error());
  if (auto fits = (*names)->check(trial.configuration); !fits) return misfit(sql_.path(), trial.id, fits.error());
  sql_.execute(fmt::format("INSERT INTO trials (study_id, {}, parameters, landed) VALUES {}", kTrialColumns, placeholders(24)), study,
               trial.id, name_of(trial.role), name_of(trial.state), name_of(trial.reason), trial.message,
               Blob{configuration_to_bytes(trial.configuration)}, std::to_string(trial.seed), trial.architecture_hash,
               trial.duplicate_of, trial.parent, trial.budget_spent, metrics_to_json(trial.metrics), trial.details_json,
               trial.accepted, trial.attempts, trial.worker, trial.queued_at, trial.started_at, trial.finished_at,
               trial.cost_seconds, trial.artifact_dir, (*names)->to_json(trial.configuration), landed);
  return {};
}

std::optional<TrialState> SqlStore::stored_state(StudyId study, TrialId trial) {
  Query row = sql_.query("SELECT state FROM trials WHERE study_id = $1 AND id = $2", study, trial);
  return row->next() ? named<TrialState>(kTrialStateNames, row->bytes()) : std::nullopt;
}

void SqlStore::set_result(StudyId study, TrialId id, const Trial& result, double finished_at, std::uint64_t landed) {
  sql_.execute(
      "UPDATE trials SET state = $1, reason = $2, message = $3, architecture_hash = $4, duplicate_of = $5, "
      "budget_spent = $6, metrics = $7, details = $8, accepted = $9, finished_at = $10, cost_seconds = $11, "
      "artifact_dir = $12, landed = $13 WHERE study_id = $14 AND id = $15",
      name_of(result.state), name_of(result.reason), result.message, result.architecture_hash, result.duplicate_of,
      result.budget_spent, metrics_to_json(result.metrics), result.details_json, result.accepted, finished_at,
      result.cost_seconds, result.artifact_dir, landed, study, id);
}

Result<void> SqlStore::enqueue(const Coordinator& coordinator, std::span<const Trial> trials) {
  return write_as(coordinator, [&]() -> Result<void> {
    const double at = now();
    for (const Trial& given : trials) {
      if (stored_state(coordinator.study, given.id)) return trial_exists(sql_.path(), given.id);
      Trial trial = given;
      trial.state = TrialState::queued;
      trial.queued_at = at;
      if (auto stored = insert(coordinator.study, trial, std::nullopt); !stored) return stored;
    }
    return {};
  });
}

Result<void> SqlStore::record_finished(const Coordinator& coordinator, std::span<const Trial> trials) {
  return write_as(coordinator, [&]() -> Result<void> {
    const double at = now();
    std::uint64_t landed = trials.empty() ? 0 : next_landed(coordinator.study, trials.size());
    for (const Trial& given : trials) {
      if (!given.finished()) return not_finished(sql_.path(), given.id);
      if (const auto state = stored_state(coordinator.study, given.id)) {
        if (*state != TrialState::queued && *state != TrialState::paused) return trial_exists(sql_.path(), given.id);
        set_result(coordinator.study, given.id, given, given.finished_at == 0 ? at : given.finished_at, landed++);
        drop_artifacts(coordinator.study, given.id);
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

Result<void> SqlStore::set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) {
  return write_as(coordinator, [&]() -> Result<void> {
    for (const TrialId trial : accepted) {
      const auto changed = sql_.execute("UPDATE trials SET accepted = $1 WHERE study_id = $2 AND id = $3", true, coordinator.study, trial);
      if (changed == 0) return no_trial(sql_.path(), trial);
    }
    return {};
  });
}

Result<void> SqlStore::promote(const Coordinator& coordinator, TrialId trial) {
  return write_as(coordinator, [&]() -> Result<void> {
    const auto changed =
        sql_.execute("UPDATE trials SET state = 'queued' WHERE study_id = $1 AND id = $2 AND state = 'paused'",
                     coordinator.study, trial);
    return changed == 1 ? Result<void>{} : not_paused(sql_.path(), trial);
  });
}

Result<std::vector<Trial>> SqlStore::trials(StudyId study, const TrialFilter& filter) {
  return read([&]() -> Result<std::vector<Trial>> {
    const auto limit = static_cast<std::int64_t>(std::min<std::size_t>(filter.limit, INT64_MAX));
    const std::string_view state = filter.state ? name_of(*filter.state) : "", role = filter.role ? name_of(*filter.role) : "";
    Query rows = sql_.query(fmt::format("SELECT {} FROM trials WHERE study_id = $1 AND id >= $2 AND $3 IN ('', state) AND "
                                        "$4 IN ('', role) ORDER BY id LIMIT $5",
                                        kTrialColumns),
                            study, filter.first, state, role, limit);
    std::vector<Trial> trials;
    while (rows->next()) {
      auto trial = trial_from(*rows);
      if (!trial) return tl::unexpected<Error>(trial.error());
      trials.push_back(std::move(*trial));
    }
    return trials;
  });
}

Result<std::optional<Trial>> SqlStore::stored_trial(StudyId study, TrialId trial) {
  Query row = sql_.query(fmt::format("SELECT {} FROM trials WHERE study_id = $1 AND id = $2", kTrialColumns), study, trial);
  if (!row->next()) return std::nullopt;
  return trial_from(*row).map([](Trial&& found) { return std::optional(std::move(found)); });
}

Result<std::optional<Trial>> SqlStore::trial(StudyId study, TrialId trial) {
  return read([&] { return stored_trial(study, trial); });
}

Result<FinishedTrials> SqlStore::finished_since(StudyId study, std::uint64_t cursor) {
  return read([&]() -> Result<FinishedTrials> {
    FinishedTrials finished{cursor, {}};
    Query rows = sql_.query(fmt::format("SELECT landed, {} FROM trials {} WHERE study_id = $1 AND landed > $2 AND "
                                        "state NOT IN ('queued', 'running') ORDER BY landed",
                                        kTrialColumns, dialect_.by_landed),
                            study, cursor);
    while (rows->next()) {
      finished.cursor = static_cast<std::uint64_t>(rows->integer());
      auto trial = trial_from(*rows);
      if (!trial) return tl::unexpected<Error>(trial.error());
      finished.trials.push_back(std::move(*trial));
    }
    return finished;
  });
}

}  // namespace nascent::core::store
