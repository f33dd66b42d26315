// A place for one worker, and why the worker in it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "nascent/core/executor.hpp"
#include "worker_process.hpp"

namespace nascent::core {

// Why the coordinator ends a worker.
enum class Doom { none, timed_out, out_of_memory, out_of_disk, lost, cancelled, left };

// A place for one worker; the process in it is replaced when it ends.
struct Slot {
  std::string name;
  Device device;  // leased to the worker, and so to one trial after the other
  std::optional<WorkerProcess> process;
  bool ready = false;
  std::optional<std::chrono::steady_clock::time_point> busy_since;
  Doom doom = Doom::none;
  std::optional<std::chrono::steady_clock::time_point> kill_at;  // after SIGTERM
  std::uint64_t resident_bytes_max = 0;
  std::uint64_t oom_kills_before = 0;
  std::optional<TrialId> trial;  // that it is busy with, where somebody has asked
  std::uint64_t disk_bytes = 0;  // of the trial's folder
  std::chrono::steady_clock::time_point disk_look{};  // the next one
};

// Looks from time to time at what the trial in the slot has written: more than workers.disk_bytes_max?
Result<bool> fills_the_disk(Slot& slot, Store& store, StudyId study, const WorkersSetup& setup);
// Removes what it has written: nobody goes on from there, and others need the room.
void remove_files(TrialId trial, const WorkersSetup& setup);

// The reason for which the trial in the slot has no result, and the message for a person.
std::pair<FailureReason, std::string> cause_of_end(const Slot& slot, const ExitStatus& status,
                                                   const WorkersSetup& setup);

}  // namespace nascent::core
