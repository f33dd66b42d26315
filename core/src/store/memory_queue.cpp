// Configurations that are tried before the sampler is asked.
#include <algorithm>

#include "clock.hpp"
#include "memory_store.hpp"
#include "refusals.hpp"

namespace nascent::core::store {

Result<void> MemoryStore::Study::add_to_queue(std::span<const QueuedConfiguration> added) {
  for (const QueuedConfiguration& each : added) {
    if (auto fits = names.check(each.configuration); !fits) return misfit_queued(kName, fits.error());
  }
  for (const QueuedConfiguration& each : added) {
    queue.push_back({each.configuration, each.origin, queue.size() + 1, now(), {}});
  }
  return {};
}

Result<void> MemoryStore::queue_configurations(StudyId id, std::span<const QueuedConfiguration> added) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  if (study == nullptr) return no_study(kName, id);
  if (auto done = study->add_to_queue(added); !done) return done;
  ++version_;
  return {};
}

Result<std::vector<QueuedConfiguration>> MemoryStore::queued_configurations(StudyId id) {
  const std::lock_guard lock(mutex_);
  const Study* study = find(id);
  return study == nullptr ? std::vector<QueuedConfiguration>{} : study->queue;
}

Result<std::optional<QueuedConfiguration>> MemoryStore::take_queued(const Coordinator& coordinator, TrialId trial) {
  const std::lock_guard lock(mutex_);
  const auto held_study = held(coordinator);
  if (!held_study) return tl::unexpected<Error>(held_study.error());
  Study& study = **held_study;
  const auto first_waiting = study.queue.begin() + static_cast<std::ptrdiff_t>(study.n_given);
  const auto given = std::lower_bound(study.queue.begin(), first_waiting, trial,
                                      [](const QueuedConfiguration& q, TrialId id) { return *q.trial < id; });
  if (given != first_waiting && given->trial == trial) return *given;
  if (first_waiting == study.queue.end()) return std::nullopt;
  first_waiting->trial = trial;
  ++study.n_given;
  ++version_;
  return *first_waiting;
}

}  // namespace nascent::core::store
