// Asks the scheduler about trials that are training or paused, and keeps the reports it may look at.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"
#include "legs.hpp"

namespace nascent::core::search {

// Reports of the study's trials as columns, sorted by (trial, budget). Only those that hold every objective.
class ReportColumns {
 public:
  explicit ReportColumns(std::size_t n_objectives) : n_objectives_(n_objectives) {}
  // Appends, or puts the row where it belongs.
  void add(TrialId trial, Leg leg, double budget, std::span<const double> losses, std::uint32_t state);
  void remove(TrialId trial);
  // What became of the trial, in all its rows.
  void set_state(TrialId trial, std::uint32_t state);
  [[nodiscard]] std::size_t size() const { return trial_.size(); }
  [[nodiscard]] std::size_t rows_before(TrialId trial) const;
  [[nodiscard]] TrialId trial(std::size_t row) const { return trial_[row]; }
  [[nodiscard]] Leg leg(std::size_t row) const { return leg_[row]; }
  [[nodiscard]] double budget(std::size_t row) const { return budget_[row]; }
  [[nodiscard]] std::span<const double> losses(std::size_t row) const {
    return {losses_.data() + row * n_objectives_, n_objectives_};
  }
  // The first `n` rows. Valid until the next change.
  [[nodiscard]] nas_obs view(std::size_t n) const;

 private:
  std::size_t n_objectives_;
  std::vector<std::uint64_t> trial_;
  std::vector<Leg> leg_;
  std::vector<std::uint32_t> state_;
  std::vector<double> budget_, losses_, zeros_;
  std::vector<std::uint8_t> accepted_;
};

// In a deterministic study every decision about a leg sees what the legs that it sees have brought (Legs::seen_by), and
// which of their trials were promoted before it; else all there is.
// Threads: decide() may come from another thread than the rest.
class Verdicts {
 public:
  // `legs` outlive this object.
  Verdicts(Instance<nas_scheduler_vt> scheduler, const StudyConfig& config, const Legs& legs);

  // The scheduler's answer to the newest report of `trial`, which trains in `leg`. A scheduler that fails lets it go on.
  Verdict decide(TrialId trial, Leg leg, std::span<const Report> reports);
  // What a leg brought. In a deterministic study in order of leg.
  struct Outcome {
    std::uint32_t state;             // NAS_TRIAL_*
    double budget;                   // units spent
    std::span<const double> losses;  // [n_objectives]
  };
  void ended(TrialId trial, Leg leg, const Outcome& outcome, std::span<const ReportRecord> reports);
  // A paused trial goes on.
  void promoted(TrialId trial);
  // A trial that has been paused since leg `paused` ends: who decides about leg `next`, or a later one, sees it.
  void given_up(TrialId trial, Leg paused, Leg next);
  struct Due {
    std::vector<TrialId> given_up;  // they are never promoted
    std::vector<TrialId> promoted;
  };
  // What the scheduler decides about paused trials before leg `next`; at most `n` are promoted. Of a scheduler that fails, or
  // names other trials, nothing is heard.
  Due due(Leg next, std::size_t n);
  // The reports of a trial that has paused or ended, above `budget`.
  [[nodiscard]] ReportColumns reports_above(TrialId trial, double budget);

 private:
  [[nodiscard]] bool read(const Report& report, std::vector<double>& losses);
  // What a decision about `leg` sees; of all trials but one, which is no example to itself. Valid until the next call or
  // change.
  nas_obs seen_by(Leg leg, std::optional<TrialId> without);
  [[nodiscard]] std::uint32_t state_seen_by(Leg leg, Leg last_row) const;
  void complain(TrialId trial, std::string_view why);

  std::mutex mutex_;
  Instance<nas_scheduler_vt> scheduler_;
  Scoring scoring_;
  bool deterministic_;
  const Legs& legs_;
  bool told_missing_ = false, told_failing_ = false;
  ReportColumns history_;
  std::vector<std::uint32_t> outcome_;  // [legs], NAS_TRIAL_*; deterministic studies only
  std::unordered_map<Leg, Leg> given_up_;  // before which leg what paused after a leg was given up; deterministic studies only
  ReportColumns seen_;                  // for legs that do not see all of history_
};

// Of a trial.
nas_budget full_budget(const StudyConfig& config);
// What a scheduler needs to know of a study.
nas_scheduler_arg scheduler_arg(const StudyConfig& config);

}  // namespace nascent::core::search
