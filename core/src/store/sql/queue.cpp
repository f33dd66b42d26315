// Configurations that are tried before the sampler is asked.
#include <fmt/format.h>

#include "store/refusals.hpp"
#include "store/sql/store.hpp"

namespace nascent::core::store {
namespace {

// In the order in which queued_from() reads them.
constexpr std::string_view kQueueColumns = "id, configuration, origin, queued_at, trial_id";

}  // namespace

Result<std::optional<QueuedConfiguration>> SqlStore::queued_from(Rows& row) {
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

Result<void> SqlStore::insert(StudyId study, const QueuedConfiguration& queued) {
  const auto names = names_of(study);
  if (!names) return tl::unexpected<Error>(names.error());
  if (auto fits = (*names)->check(queued.configuration); !fits) return misfit_queued(sql_.path(), fits.error());
  sql_.execute("INSERT INTO queue (study_id, configuration, parameters, origin, queued_at) VALUES ($1, $2, $3, $4, $5)",
               study, Blob{configuration_to_bytes(queued.configuration)}, (*names)->to_json(queued.configuration),
               queued.origin, now());
  return {};
}

Result<void> SqlStore::queue_configurations(StudyId study, std::span<const QueuedConfiguration> added) {
  return write(
      [&]() -> Result<void> {
        for (const QueuedConfiguration& queued : added) {
          if (auto inserted = insert(study, queued); !inserted) return inserted;
        }
        return {};
      },
      Change::landmark);
}

Result<std::vector<QueuedConfiguration>> SqlStore::queued_configurations(StudyId study) {
  return read([&]() -> Result<std::vector<QueuedConfiguration>> {
    std::vector<QueuedConfiguration> all;
    Query rows = sql_.query(fmt::format("SELECT {} FROM queue WHERE study_id = $1 ORDER BY id", kQueueColumns), study);
    while (true) {
      auto queued = queued_from(*rows);
      if (!queued) return tl::unexpected<Error>(queued.error());
      if (!*queued) return all;
      all.push_back(std::move(**queued));
    }
  });
}

Result<std::optional<QueuedConfiguration>> SqlStore::find_queued(StudyId study, TrialId trial) {
  Query given = sql_.query(fmt::format("SELECT {} FROM queue WHERE study_id = $1 AND trial_id = $2", kQueueColumns), study, trial);
  auto queued = queued_from(*given);
  if (!queued || *queued) return queued;
  Query waiting = sql_.query(
      fmt::format("SELECT {} FROM queue WHERE study_id = $1 AND trial_id IS NULL ORDER BY id LIMIT 1", kQueueColumns), study);
  return queued_from(*waiting);
}

Result<std::optional<QueuedConfiguration>> SqlStore::take_queued(const Coordinator& coordinator, TrialId trial) {
  // Mostly nothing waits, and a study asks for every trial: the right to write is taken only to write.
  auto found = read([&] { return find_queued(coordinator.study, trial); });
  if (!found || !*found || (*found)->trial) return found;
  (*found)->trial = trial;
  auto given = write_as(coordinator, [&]() -> Result<void> {
    sql_.execute("UPDATE queue SET trial_id = $1 WHERE id = $2", trial, (*found)->id);
    return {};
  });
  if (!given) return tl::unexpected<Error>(given.error());
  return found;
}

}  // namespace nascent::core::store
