#include "worker_slot.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "disk_usage.hpp"
#include "doorbell.hpp"
#include "nascent/core/trial_runner.hpp"
#include "trial_files.hpp"

namespace nascent::core {
namespace {

constexpr std::chrono::milliseconds kDiskLook{200};

std::filesystem::path files_of(TrialId trial, const WorkersSetup& setup) {
  const auto artifacts = artifacts_folder(setup.store_location, setup.study_name, setup.config.artifacts);
  return artifacts.empty() ? artifacts : artifacts / trial_folder(trial);
}

std::string memory_rule(const WorkerConfig& config) {
  if (config.memory_bytes_max) return fmt::format("workers.memory_bytes_max is {}", *config.memory_bytes_max);
  return fmt::format("workers.memory = {} is {} for each of {}", config.memory.value_or(0), config.memory_limit().value_or(0), config.count);
}

// Why the trial failed that the worker left for another attempt.
std::optional<std::pair<FailureReason, std::string>> failure_told_by(const WorkerProcess& worker, const ExitStatus& status) {
  const int reason = status.code - kWorkerTrialFailed;
  const std::string line = worker.last_line();
  if (status.signal != 0 || reason <= 0 || reason >= static_cast<int>(kFailureReasonNames.size()) || !line.starts_with(kFailureMark)) return {};
  return std::pair(static_cast<FailureReason>(reason), line.substr(1));
}

}  // namespace

Result<bool> fills_the_disk(Slot& slot, Store& store, StudyId study, const WorkersSetup& setup) {
  const auto now = std::chrono::steady_clock::now();
  if (!setup.config.disk_bytes_max || slot.doom != Doom::none || !slot.busy_since || now < slot.disk_look) return false;
  if (!slot.trial) {
    const auto open = store.open_leases(study);
    if (!open) return tl::unexpected<Error>(open.error());
    const auto held = std::ranges::find(*open, slot.process->name(), &LeaseRecord::worker);
    if (held == open->end()) return false;
    slot.trial = held->lease.trial;
  }
  const auto folder = files_of(*slot.trial, setup);
  if (folder.empty()) return false;
  slot.disk_bytes = disk_bytes(folder);
  const auto looked = std::chrono::steady_clock::now();
  // Many files do not keep whoever looks busy.
  slot.disk_look = looked + std::max<std::chrono::steady_clock::duration>(kDiskLook, 20 * (looked - now));
  return slot.disk_bytes > *setup.config.disk_bytes_max;
}

void remove_files(TrialId trial, const WorkersSetup& setup) {
  std::error_code ignored;
  if (const auto folder = files_of(trial, setup); !folder.empty()) std::filesystem::remove_all(folder, ignored);
}

std::pair<FailureReason, std::string> cause_of_end(const Slot& slot, const ExitStatus& status,
                                                   const WorkersSetup& setup) {
  const auto with_last_words = [&](std::string message) {
    const std::string words = slot.process->last_words();
    return words.empty() ? message : fmt::format("{}; last output: {}", message, words);
  };
  switch (slot.doom) {
    case Doom::timed_out:
      return {FailureReason::timed_out, fmt::format("ran longer than workers.trial_seconds_max = {} s",
                                                    setup.config.trial_seconds_max.value_or(0))};
    case Doom::out_of_memory:
      return {FailureReason::out_of_memory,
              fmt::format("its worker grew to {} bytes; {}", slot.resident_bytes_max, memory_rule(setup.config))};
    case Doom::out_of_disk:
      return {FailureReason::out_of_disk, over_disk_limit(slot.disk_bytes, setup.config.disk_bytes_max.value_or(0))};
    case Doom::lost:
      return {FailureReason::lost, with_last_words(fmt::format("its worker was silent for {} s", setup.lease_seconds))};
    default:
      break;
  }
  if (auto told = failure_told_by(*slot.process, status)) return std::move(*told);
  if (status.signal == SIGKILL && oom_kills() > slot.oom_kills_before) {
    return {FailureReason::out_of_memory, "the machine ran out of memory and the kernel killed the worker"};
  }
  return {FailureReason::crashed, with_last_words(fmt::format("its worker ended by {}", to_string(status)))};
}

}  // namespace nascent::core
