// Trials and attempts of the engine in memory.
#include <algorithm>

#include "clock.hpp"
#include "memory_store.hpp"
#include "refusals.hpp"

namespace nascent::core::store {

void MemoryStore::Entry::set_result(const Trial& result, double finished_at) {
  trial.state = result.state;
  trial.reason = result.reason;
  trial.message = result.message;
  trial.architecture_hash = result.architecture_hash;
  trial.duplicate_of = result.duplicate_of;
  trial.budget_spent = result.budget_spent;
  trial.metrics = result.metrics;
  trial.details_json = result.details_json;
  trial.accepted = result.accepted;
  trial.finished_at = finished_at;
  trial.cost_seconds = result.cost_seconds;
  trial.artifact_dir = result.artifact_dir;
}

Result<void> MemoryStore::Study::admit(std::span<const Trial> trials, As as) {
  bool ascending = true;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Trial& trial = trials[i];
    if (as == As::finished && !trial.finished()) return not_finished(kName, trial.id);
    const Entry* stored = find(trial.id);
    const auto may_end = [](TrialState state) { return state == TrialState::queued || state == TrialState::paused; };
    if (stored != nullptr && (as == As::queued || !may_end(stored->trial.state))) return trial_exists(kName, trial.id);
    if (auto fits = names.check(trial.configuration); !fits) return misfit(kName, trial.id, fits.error());
    ascending = ascending && (i == 0 || trials[i - 1].id < trial.id);
  }
  if (ascending) return {};
  std::set<TrialId> ids;
  for (const Trial& trial : trials) {
    if (!ids.insert(trial.id).second) return trial_exists(kName, trial.id);
  }
  return {};
}

Result<void> MemoryStore::enqueue(const Coordinator& coordinator, std::span<const Trial> trials) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  if (auto fit = (*study)->admit(trials, Study::As::queued); !fit) return fit;
  const double at = now();
  for (const Trial& trial : trials) {
    Entry entry{trial};
    entry.trial.state = TrialState::queued;
    entry.trial.queued_at = at;
    (*study)->insert(std::move(entry));
    (*study)->queued.insert(trial.id);
  }
  ++version_;
  return {};
}

Result<void> MemoryStore::record_finished(const Coordinator& coordinator, std::span<const Trial> trials) {
  const std::lock_guard lock(mutex_);
  const auto found = held(coordinator);
  if (!found) return tl::unexpected<Error>(found.error());
  Study& study = **found;
  if (auto fit = study.admit(trials, Study::As::finished); !fit) return fit;
  const double at = now();
  for (const Trial& given : trials) {
    if (Entry* entry = study.find(given.id)) {
      entry->set_result(given, given.finished_at == 0 ? at : given.finished_at);
      study.queued.erase(given.id);
      study.artifacts.erase(given.id);
      study.land(*entry);
      continue;
    }
    Entry entry{given};
    for (double* time : {&entry.trial.queued_at, &entry.trial.started_at, &entry.trial.finished_at}) {
      if (*time == 0) *time = at;
    }
    study.land(entry);
    study.insert(std::move(entry));
  }
  ++version_;
  return {};
}

Result<void> MemoryStore::set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  for (const TrialId trial : accepted) {
    if ((*study)->find(trial) == nullptr) return no_trial(kName, trial);
  }
  for (const TrialId trial : accepted) (*study)->find(trial)->trial.accepted = true;
  ++version_;
  return {};
}

Result<void> MemoryStore::promote(const Coordinator& coordinator, TrialId trial) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  Entry* entry = (*study)->find(trial);
  if (entry == nullptr || entry->trial.state != TrialState::paused) return not_paused(kName, trial);
  entry->trial.state = TrialState::queued;
  entry->landed = 0;
  (*study)->queued.insert(trial);
  ++version_;
  return {};
}

Result<std::vector<Trial>> MemoryStore::trials(StudyId id, const TrialFilter& filter) {
  const std::lock_guard lock(mutex_);
  std::vector<Trial> trials;
  const Study* study = find(id);
  if (study == nullptr) return trials;
  auto at =
      std::ranges::lower_bound(study->entries, filter.first, {}, [](const Entry& entry) { return entry.trial.id; });
  for (; at != study->entries.end() && trials.size() < filter.limit; ++at) {
    if (filter.state && at->trial.state != *filter.state) continue;
    if (filter.role && at->trial.role != *filter.role) continue;
    trials.push_back(at->trial);
  }
  return trials;
}

Result<std::optional<Trial>> MemoryStore::trial(StudyId id, TrialId trial) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  const Entry* entry = study == nullptr ? nullptr : study->find(trial);
  return entry == nullptr ? std::nullopt : std::optional(entry->trial);
}

Result<FinishedTrials> MemoryStore::finished_since(StudyId id, std::uint64_t cursor) {
  const std::lock_guard lock(mutex_);
  FinishedTrials finished{cursor, {}};
  Study* study = find(id);
  for (std::size_t i = cursor; study != nullptr && i < study->landings.size(); ++i) {
    const Entry* entry = study->find(study->landings[i]);
    if (entry->landed != i + 1) continue;
    finished.cursor = i + 1;
    finished.trials.push_back(entry->trial);
  }
  return finished;
}

}  // namespace nascent::core::store
