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
#include "nascent/core/study_space.hpp"
#include "nascent/core/trial.hpp"
#include "births.hpp"
#include "legs.hpp"

namespace nascent::core::search {

// Reports of the study's trials as columns, sorted by (trial, budget). Only those that hold every objective. A forked trial's
// first row is its birth.
class ReportColumns {
 public:
  explicit ReportColumns(std::size_t n_objectives) : n_objectives_(n_objectives) {}
  // Appends, or puts the row where it belongs.
  void add(TrialId trial, Leg leg, double budget, std::span<const double> losses, std::uint32_t state);
  // The first row of a forked trial, which is pending; `leg` is its first.
  void add_birth(TrialId trial, Leg leg, const Birth& birth);
  void remove(TrialId trial);
  // What became of the trial, in all its rows.
  void set_state(TrialId trial, std::uint32_t state);
  [[nodiscard]] std::size_t size() const { return trial_.size(); }
  [[nodiscard]] std::size_t rows_before(TrialId trial) const;
  [[nodiscard]] TrialId trial(std::size_t row) const { return trial_[row]; }
  [[nodiscard]] Leg leg(std::size_t row) const { return leg_[row]; }
  [[nodiscard]] double budget(std::size_t row) const { return budget_[row]; }
  [[nodiscard]] bool is_birth(std::size_t row) const {
    return has_births() && parent_[row] != NAS_NO_TRIAL && (row == 0 || trial_[row - 1] != trial_[row]);
  }
  [[nodiscard]] bool has_births() const { return !parent_.empty(); }
  // Of the trial whose first row this is.
  [[nodiscard]] Birth birth(std::size_t row) const;
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
  std::vector<std::uint64_t> parent_;  // [rows], or empty while no trial was forked
};

// In a deterministic study every decision about a leg sees what the legs that it sees have brought (Legs::seen_by), which
// of their trials were promoted before it, and which were forked; else all there is.
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
  // A child begins with leg `leg`.
  void forked(TrialId child, Leg leg, const Birth& birth);
  struct Due {
    struct Leg {
      TrialId trial;
      bool forks;  // a child of it begins; else it goes on itself
    };
    std::vector<TrialId> given_up;  // they are never promoted
    std::vector<Leg> legs;          // the most urgent first
  };
  // What the scheduler decides about paused trials before leg `next`, at most `n` of which have a use for its legs. Of a
  // scheduler that fails, or names other trials, nothing is heard.
  Due due(Leg next, std::size_t n);
  // Does the scheduler keep a population (NAS_SCHEDULER_POPULATION)?
  [[nodiscard]] bool keeps_population() const { return population_ != nullptr; }
  // How many more trials may be begun before leg `next`, `n_begun` having been so far; no limit where the scheduler fails. Only
  // where keeps_population(), as the next.
  std::uint64_t admits(Leg next, std::uint64_t n_begun);
  // The configuration of `child`, whose parent has the configuration `x`, `active`.
  Result<Configuration> explore(TrialId child, std::span<const double> x, std::span<const std::uint8_t> active);
  // The reports of a trial that has paused or ended, above `budget`; its birth is none.
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
  const nas_scheduler_population* population_;  // or null
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
// What a scheduler needs to know of a study. Borrows `space`, which outlives the scheduler; null where it is not known.
nas_scheduler_arg scheduler_arg(const StudyConfig& config, const StudySpace* space);
// Does it keep a population (NAS_SCHEDULER_POPULATION)?
bool keeps_population(const Instance<nas_scheduler_vt>& scheduler);

}  // namespace nascent::core::search
