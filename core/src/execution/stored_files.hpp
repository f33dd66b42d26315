// The files of trials on their way through the store, between machines that share no folder.
#pragma once

#include <cstdint>
#include <filesystem>

#include "nascent/core/executor.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// As a worker, or whoever looks after it, sees them: a folder of this machine's own, and the store.
class StoredFiles {
 public:
  // `artifacts`: the study's folder here. `bytes_max`: of one trial's files, see WorkerConfig.
  StoredFiles(Store& store, std::filesystem::path artifacts, std::uint64_t bytes_max)
      : store_(store), artifacts_(std::move(artifacts)), bytes_max_(bytes_max) {}

  // Before an attempt that was just leased: the trial's folder becomes what the attempt before it left, unless that ran here, or
  // what the trial inherited.
  Result<void> fetch(StudyId study, const Trial& trial) const;
  // Once an attempt has ended, and before the store knows how: what the trial's folder holds goes to the store. False
  // when it is too large, and the store has none of it; the log says so.
  Result<bool> keep(const Lease& lease);
  // Of a trial that has ended.
  void forget(TrialId trial) const;

 private:
  [[nodiscard]] std::filesystem::path mark(TrialId trial) const;

  Store& store_;
  std::filesystem::path artifacts_;
  std::uint64_t bytes_max_;
  bool told_ = false;  // that something was too large: one warning is enough
};

// For a worker that ended without doing so, by whoever started it.
Result<void> keep_files(Store& store, const Lease& lease, const WorkersSetup& setup);

}  // namespace nascent::core
