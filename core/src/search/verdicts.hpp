// Asks the scheduler about trials that are training, and keeps the reports it may look at.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core::search {

// Reports of the study's trials as columns, sorted by (trial, budget). Only those that hold every objective.
class ReportColumns {
 public:
  explicit ReportColumns(std::size_t n_objectives) : n_objectives_(n_objectives) {}
  // Appends, or puts the row where it belongs.
  void add(TrialId trial, double budget, std::span<const double> losses, std::uint32_t state);
  void remove(TrialId trial);
  // The trial ended: its rows say so.
  void set_state(TrialId trial, std::uint32_t state);
  [[nodiscard]] std::size_t rows_before(TrialId trial) const;
  [[nodiscard]] std::size_t size() const { return trial_.size(); }
  // The first `n` rows. Valid until the next change.
  [[nodiscard]] nas_obs view(std::size_t n) const;

 private:
  std::size_t n_objectives_;
  std::vector<std::uint64_t> trial_;
  std::vector<std::uint32_t> state_;
  std::vector<double> budget_, losses_, zeros_;
  std::vector<std::uint8_t> accepted_;
};

// Threads: decide() may come from another thread than the rest.
class Verdicts {
 public:
  Verdicts(Instance<nas_scheduler_vt> scheduler, const StudyConfig& config);

  // The scheduler's answer to the newest report of `trial`. In a deterministic study it sees the reports of trials
  // `parallel` and more before this one, else all reports there are. A scheduler that fails lets the trial go on.
  Verdict decide(TrialId trial, std::span<const Report> reports);
  // A trial ended with these reports. In a deterministic study in order of trial.
  void finished(TrialId trial, std::uint32_t state, std::span<const ReportRecord> reports);

 private:
  [[nodiscard]] bool read(const Report& report, std::vector<double>& losses);

  std::mutex mutex_;
  Instance<nas_scheduler_vt> scheduler_;
  Scoring scoring_;
  bool deterministic_;
  std::uint64_t parallel_;
  bool told_missing_ = false, told_failing_ = false;
  ReportColumns history_;
};

// What a scheduler needs to know of a study.
nas_scheduler_arg scheduler_arg(const StudyConfig& config);

}  // namespace nascent::core::search
