// Files of trials, for machines that share no folder.
#include <fmt/format.h>

#include "store/refusals.hpp"
#include "store/sql/store.hpp"

namespace nascent::core::store {

Result<LeaseState> SqlStore::put_artifacts(const Lease& lease, std::span<const Artifact> artifacts) {
  bool newest = true;
  auto put = write([&]() -> Result<LeaseState> {
    // Rows of this attempt alone, which may take a while; only then the trial is held to see whether they are the newest.
    sql_.execute("DELETE FROM artifacts WHERE study_id = $1 AND trial_id = $2 AND attempt = $3", lease.study, lease.trial, lease.attempt);
    for (const Artifact& artifact : artifacts) {
      sql_.execute("INSERT INTO artifacts (study_id, trial_id, attempt, path, bytes) VALUES ($1, $2, $3, $4, $5)", lease.study,
                   lease.trial, lease.attempt, artifact.path, Blob{artifact.bytes});
    }
    Query row = sql_.query(fmt::format("SELECT 1 FROM trials WHERE study_id = $1 AND id = $2 AND attempts = $3 AND "
                                       "state IN ('running', 'queued') {}",
                                       dialect_.for_update),
                           lease.study, lease.trial, lease.attempt);
    newest = row->next() || !sql_.ok();
    if (!newest) return no_trial(sql_.path(), lease.trial);  // and nothing was written
    row.reset();
    sql_.execute("DELETE FROM artifacts WHERE study_id = $1 AND trial_id = $2 AND attempt < $3", lease.study, lease.trial, lease.attempt);
    return open_state(lease.study);
  });
  return newest ? std::move(put) : LeaseState::lost;
}

Result<std::uint64_t> SqlStore::copy_artifacts(const Coordinator& coordinator, TrialId from, std::string_view folder, TrialId to,
                                               std::string_view as) {
  return write_as(coordinator, [&]() -> Result<std::uint64_t> {
    drop_artifacts(coordinator.study, to);
    const std::string within = std::string(folder) + "/";
    // Before the first attempt, which counts as 1.
    const auto copied = sql_.execute(
        "INSERT INTO artifacts (study_id, trial_id, attempt, path, bytes) "
        "SELECT study_id, $1, 0, $2 || substr(path, CAST($3 AS integer)), bytes FROM artifacts "
        "WHERE study_id = $4 AND trial_id = $5 AND substr(path, 1, CAST($6 AS integer)) = $7",
        to, as, within.size(), coordinator.study, from, within.size(), within);
    return static_cast<std::uint64_t>(copied);
  });
}

Result<std::vector<Artifact>> SqlStore::artifacts(StudyId study, TrialId trial) {
  return read([&]() -> Result<std::vector<Artifact>> {
    std::vector<Artifact> artifacts;
    Query row = sql_.query("SELECT path, bytes FROM artifacts WHERE study_id = $1 AND trial_id = $2 ORDER BY path", study, trial);
    while (row->next()) {
      std::string path = row->text();
      artifacts.push_back({std::move(path), row->text()});
    }
    return artifacts;
  });
}

void SqlStore::drop_artifacts(StudyId study, TrialId trial) {
  sql_.execute("DELETE FROM artifacts WHERE study_id = $1 AND trial_id = $2", study, trial);
}

}  // namespace nascent::core::store
