// Configurations that are tried before the sampler is asked.
#include <fmt/format.h>

#include "clock.hpp"
#include "refusals.hpp"
#include "sqlite_store.hpp"

// In the order in which queued_from() reads them.
#define NASCENT_QUEUE_COLUMNS "id, configuration, origin, queued_at, trial_id "

namespace nascent::core::store {

Result<std::optional<QueuedConfiguration>> SqliteStore::queued_from(Query& row) {
  if (!row.next()) return std::nullopt;
  QueuedConfiguration queued;
  queued.id = static_cast<std::uint64_t>(row.integer());
  auto configuration = configuration_from_bytes(row.bytes());
  queued.origin = row.text();
  queued.queued_at = row.real();
  queued.trial = row.optional_integer();
  if (!configuration) return tl::unexpected<Error>(damaged(fmt::format("queued configuration {}", queued.id)));
  queued.configuration = std::move(*configuration);
  return std::optional(std::move(queued));
}

Result<void> SqliteStore::insert(StudyId study, const QueuedConfiguration& queued) {
  const auto names = names_of(study);
  if (!names) return tl::unexpected<Error>(names.error());
  if (auto fits = (*names)->check(queued.configuration); !fits) return misfit_queued(db_->path(), fits.error());
  db_->execute("INSERT INTO queue (study_id, configuration, parameters, origin, queued_at) VALUES (?, ?, ?, ?, ?)",
               study, Blob{configuration_to_bytes(queued.configuration)}, (*names)->to_json(queued.configuration),
               queued.origin, now());
  return {};
}

Result<void> SqliteStore::queue_configurations(StudyId study, std::span<const QueuedConfiguration> added) {
  return write(
      [&]() -> Result<void> {
        for (const QueuedConfiguration& queued : added) {
          if (auto inserted = insert(study, queued); !inserted) return inserted;
        }
        return {};
      },
      Sync::now);
}

Result<std::vector<QueuedConfiguration>> SqliteStore::queued_configurations(StudyId study) {
  return read([&]() -> Result<std::vector<QueuedConfiguration>> {
    std::vector<QueuedConfiguration> all;
    Query rows = db_->query("SELECT " NASCENT_QUEUE_COLUMNS "FROM queue WHERE study_id = ? ORDER BY id", study);
    while (true) {
      auto queued = queued_from(rows);
      if (!queued) return tl::unexpected<Error>(queued.error());
      if (!*queued) return all;
      all.push_back(std::move(**queued));
    }
  });
}

Result<std::optional<QueuedConfiguration>> SqliteStore::find_queued(StudyId study, TrialId trial) {
  Query given =
      db_->query("SELECT " NASCENT_QUEUE_COLUMNS "FROM queue WHERE study_id = ? AND trial_id = ?", study, trial);
  auto queued = queued_from(given);
  if (!queued || *queued) return queued;
  Query waiting = db_->query(
      "SELECT " NASCENT_QUEUE_COLUMNS "FROM queue WHERE study_id = ? AND trial_id IS NULL ORDER BY id LIMIT 1", study);
  return queued_from(waiting);
}

Result<std::optional<QueuedConfiguration>> SqliteStore::take_queued(const Coordinator& coordinator, TrialId trial) {
  // Mostly nothing waits, and a study asks for every trial: the right to write is taken only to write.
  auto found = read([&] { return find_queued(coordinator.study, trial); });
  if (!found || !*found || (*found)->trial) return found;
  (*found)->trial = trial;
  auto given = write_as(coordinator, [&]() -> Result<void> {
    db_->execute("UPDATE queue SET trial_id = ? WHERE id = ?", trial, (*found)->id);
    return {};
  });
  if (!given) return tl::unexpected<Error>(given.error());
  return found;
}

}  // namespace nascent::core::store
