// Studies, their coordinator, their diary, and the trials they write.
#include "memory_store.hpp"

#include <algorithm>

#include "clock.hpp"
#include "refusals.hpp"

namespace nascent::core::store {
MemoryStore::Entry* MemoryStore::Study::find(TrialId trial) {
  if (entries.empty() || trial > entries.back().trial.id) return nullptr;
  // Ids without gaps, as a search gives them, are found at once.
  if (trial < entries.size() && entries[trial].trial.id == trial) return &entries[trial];
  const auto at = std::ranges::lower_bound(entries, trial, {}, [](const Entry& entry) { return entry.trial.id; });
  return at != entries.end() && at->trial.id == trial ? &*at : nullptr;
}

void MemoryStore::Study::insert(Entry entry) {
  if (entries.empty() || entries.back().trial.id < entry.trial.id) {
    entries.push_back(std::move(entry));
    return;
  }
  const auto at = std::ranges::lower_bound(entries, entry.trial.id, {}, [](const Entry& e) { return e.trial.id; });
  entries.insert(at, std::move(entry));
}

void MemoryStore::Study::land(Entry& entry) {
  landings.push_back(entry.trial.id);
  entry.landed = landings.size();
}

MemoryStore::Study* MemoryStore::find(StudyId study) {
  return study >= 1 && static_cast<std::size_t>(study) <= studies_.size()
             ? &studies_[static_cast<std::size_t>(study) - 1]
             : nullptr;
}

Result<MemoryStore::Study*> MemoryStore::held(const Coordinator& coordinator) {
  Study* study = find(coordinator.study);
  if (study == nullptr) return no_study(kName, coordinator.study);
  if (study->epoch != coordinator.epoch && study->holder) {
    return coordinator_lost(kName, study->holder->process.host, study->holder->process.pid);
  }
  if (study->epoch != coordinator.epoch || !study->holder) return coordinator_released(kName);
  return study;
}

Result<std::uint64_t> MemoryStore::version() {
  const std::lock_guard lock(mutex_);
  return version_;
}

Result<StudyId> MemoryStore::create_study(const StudyRecord& given, std::span<const QueuedConfiguration> queue) {
  const std::lock_guard lock(mutex_);
  if (given.name.empty()) return study_unnamed(kName);
  for (const Study& study : studies_) {
    if (study.record.name == given.name) return study_exists(kName, given.name);
  }
  auto names = ParameterNames::parse(given.space_json);
  if (!names) return tl::unexpected<Error>(names.error().within("study \"" + given.name + "\""));
  Study study;
  study.names = std::move(*names);
  if (auto added = study.add_to_queue(queue); !added) return tl::unexpected<Error>(added.error());
  study.record = given;
  study.record.id = static_cast<StudyId>(studies_.size()) + 1;
  study.record.created_at = now();
  study.record.state = StudyState::running;
  study.record.stop_reason.clear();
  ++version_;
  return studies_.emplace_back(std::move(study)).record.id;
}

Result<std::vector<StudyRecord>> MemoryStore::studies() {
  const std::lock_guard lock(mutex_);
  std::vector<StudyRecord> records;
  for (const Study& study : studies_) records.push_back(study.record);
  return records;
}

Result<std::optional<StudyRecord>> MemoryStore::study(std::string_view name) {
  const std::lock_guard lock(mutex_);
  for (const Study& study : studies_) {
    if (study.record.name == name) return study.record;
  }
  return std::nullopt;
}

Result<StudyState> MemoryStore::study_state(StudyId id) {
  const std::lock_guard lock(mutex_);
  const Study* study = find(id);
  if (study == nullptr) return no_study(kName, id);
  return study->record.state;
}

Result<std::optional<CoordinatorRecord>> MemoryStore::coordinator(StudyId id, double stale_after_seconds) {
  const std::lock_guard lock(mutex_);
  const Study* study = find(id);
  if (study == nullptr || !study->holder) return std::nullopt;
  const Holder& holder = *study->holder;
  if (!still_holds(holder.process, now() - holder.renewed_at, stale_after_seconds)) return std::nullopt;
  return CoordinatorRecord{holder.process.host, holder.process.pid, holder.since, holder.renewed_at};
}

Result<Coordinator> MemoryStore::acquire_coordinator(StudyId id, double stale_after_seconds) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  if (study == nullptr) return no_study(kName, id);
  const double at = now();
  if (study->holder && still_holds(study->holder->process, at - study->holder->renewed_at, stale_after_seconds)) {
    return coordinator_held(kName, study->holder->process, study->holder->since, study->holder->renewed_at);
  }
  study->holder = Holder{this_process(), at, at};
  ++version_;
  return Coordinator{id, ++study->epoch};
}

Result<void> MemoryStore::renew(const Coordinator& coordinator) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  (*study)->holder->renewed_at = now();
  ++version_;
  return {};
}

Result<void> MemoryStore::release(const Coordinator& coordinator) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  (*study)->holder.reset();
  ++version_;
  return {};
}

Result<void> MemoryStore::set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  (*study)->record.state = state;
  (*study)->record.stop_reason = reason;
  ++version_;
  return {};
}

Result<void> MemoryStore::set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) {
  const std::lock_guard lock(mutex_);
  const auto study = held(coordinator);
  if (!study) return tl::unexpected<Error>(study.error());
  (*study)->record.resolved_config = resolved_config;
  ++version_;
  return {};
}

Result<void> MemoryStore::add_event(StudyId id, std::string_view kind, std::string_view data_json) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  if (study == nullptr) return no_study(kName, id);
  // Numbered across studies, as in a file.
  std::uint64_t total = 0;
  for (const Study& any : studies_) total += any.events.size();
  study->events.push_back({total + 1, now(), std::string(kind), std::string(data_json)});
  ++version_;
  return {};
}

Result<std::vector<EventRecord>> MemoryStore::events(StudyId id, std::uint64_t after_id) {
  const std::lock_guard lock(mutex_);
  std::vector<EventRecord> events;
  if (const Study* study = find(id)) {
    std::ranges::copy_if(study->events, std::back_inserter(events),
                         [&](const EventRecord& event) { return event.id > after_id; });
  }
  return events;
}

Result<void> MemoryStore::record_test_opening(StudyId id, TrialId trial, std::string_view purpose) {
  const std::lock_guard lock(mutex_);
  Study* study = find(id);
  if (study == nullptr) return no_study(kName, id);
  if (study->find(trial) == nullptr) return no_trial(kName, trial);
  study->openings.push_back({trial, std::string(purpose), now()});
  ++version_;
  return {};
}

Result<std::vector<TestOpening>> MemoryStore::test_openings(StudyId id) {
  const std::lock_guard lock(mutex_);
  const Study* study = find(id);
  return study == nullptr ? std::vector<TestOpening>{} : study->openings;
}

}  // namespace nascent::core::store
