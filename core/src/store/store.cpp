#include "nascent/core/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "memory_store.hpp"
#include "nascent/core/store_location.hpp"
#include "store/postgresql/store.hpp"
#include "store/sqlite/store.hpp"

namespace nascent::core {
namespace {

constexpr std::size_t kPageSize = 1000;  // trials that are read at once

}  // namespace

Result<void> Store::set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given) {
  for (const GivenVerdict& each : given) {
    if (auto set = set_verdict(coordinator, each.report, each.verdict); !set) return set;
  }
  return {};
}

Result<std::unique_ptr<Store>> Store::open(const std::string& location, OpenMode mode) {
  if (location.starts_with("postgresql://") || location.starts_with("postgres://")) {
    return store::postgresql::PostgresqlStore::open(location, mode);
  }
  if (is_url(location)) {
    return fail(ErrorKind::invalid_input, "store " + public_location(location) +
                                              ": studies are kept in SQLite files (name a path), in PostgreSQL "
                                              "(postgresql://user@host/database) and in memory (:memory:)");
  }
  if (location != ":memory:") return store::sqlite::SqliteStore::open(location, mode);
  if (mode != OpenMode::create_or_open) {
    return fail(ErrorKind::store, "store :memory: ends with the process that made it; name the file of a study");
  }
  return std::make_unique<store::MemoryStore>();
}

std::uint64_t TrialTally::size() const {
  std::uint64_t n = 0;
  for (const auto& states : count) n = std::accumulate(states.begin(), states.end(), n);
  return n;
}

void TrialTally::add(const Trial& trial) {
  ++count[static_cast<std::size_t>(trial.role)][static_cast<std::size_t>(trial.state)];
  cost_seconds += trial.cost_seconds;
  last_at = std::max({last_at, trial.queued_at, trial.started_at, trial.finished_at});
}

Result<TrialTally> Store::tally(StudyId study) {
  TrialTally tally;
  return each_trial(*this, study, {}, [&](const Trial& trial) { tally.add(trial); }).map([&] { return tally; });
}

Result<void> each_trial(Store& store, StudyId study, TrialFilter filter, const std::function<void(Trial&&)>& visit) {
  while (filter.limit > 0) {
    const std::size_t left = filter.limit;
    filter.limit = std::min(left, kPageSize);
    auto page = store.trials(study, filter);
    if (!page) return tl::unexpected<Error>(page.error());
    if (page->empty()) return {};
    filter.first = page->back().id + 1;
    filter.limit = left - page->size();
    for (Trial& trial : *page) visit(std::move(trial));
  }
  return {};
}

Result<std::vector<Trial>> read_trials(Store& store, StudyId study, std::span<const TrialId> ids) {
  std::vector<Trial> trials;
  for (const TrialId id : ids) {
    auto row = store.trial(study, id);
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return fail(ErrorKind::store, fmt::format("trial {} is gone from the store; restore a copy of it", id));
    trials.push_back(std::move(**row));
  }
  return trials;
}

}  // namespace nascent::core
