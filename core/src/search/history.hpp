// What a search has seen, in columns: the form in which samplers are told.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nascent/core/trial.hpp"

namespace nascent::core::search {

// Position of a search trial in the order of asking. Equal to its id unless a study went on after its final part.
using Position = std::size_t;

// Observations as a plugin takes them. Borrows the columns; get() is valid while this object stays where it is.
class ObservationView {
 public:
  ObservationView(const nas_obs& columns, const nas_rows& rows) : columns_(columns), rows_(rows) {}
  const nas_obs* get() {
    columns_.at = &rows_;
    return &columns_;
  }

 private:
  nas_obs columns_;
  nas_rows rows_;
};

// One row per search trial, appended in the order of asking and completed when the trial finishes or pauses.
class History {
 public:
  // n_metrics: what the sampler wants to see besides objectives and constraints.
  History(std::size_t n_params, std::size_t n_objectives, std::size_t n_constraints, std::size_t n_metrics);

  [[nodiscard]] std::size_t size() const { return trial_id_.size(); }
  [[nodiscard]] std::size_t n_params() const { return n_params_; }
  // Appends a pending trial; fill x_of(), active_of() of its position.
  Position append(TrialId trial);
  // Takes the last one back.
  void drop_last();
  [[nodiscard]] bool contains(TrialId trial) const {
    const Position i = position_of(trial);
    return i < size() && trial_id_[i] == trial;
  }
  // Where a trial stands. It has to be there.
  [[nodiscard]] Position position_of(TrialId trial) const;

  [[nodiscard]] TrialId trial(Position i) const { return trial_id_[i]; }
  [[nodiscard]] double* x_of(Position i) { return x_.data() + i * n_params_; }
  [[nodiscard]] std::uint8_t* active_of(Position i) { return active_.data() + i * n_params_; }
  // [n_objectives], [n_constraints]: to be filled before finish().
  [[nodiscard]] std::span<double> losses_of(Position i) { return {values_.data() + i * n_objectives_, n_objectives_}; }
  [[nodiscard]] std::span<double> violations_of(Position i) {
    return {constraints_.data() + i * n_constraints_, n_constraints_};
  }
  // [n_metrics], NaN until filled.
  [[nodiscard]] std::span<double> metrics_of(Position i) { return {metrics_.data() + i * n_metrics_, n_metrics_}; }
  // state: NAS_TRIAL_*. Losses become 0 in a state without values.
  void finish(Position i, std::uint32_t state, double budget, double cost_seconds);
  // A pending trial goes on from what another one has reached.
  void begin_at(Position i, double budget) { budget_[i] = budget; }
  // A paused trial trains on: it is pending again, with what it has cost so far.
  void reopen(Position i) { state_[i] = NAS_TRIAL_PENDING; }
  void accept(Position i) { accepted_[i] = 1; }
  // The trial took its result from an earlier one.
  void repeats(Position i) { repeated_[i] = 1; }

  [[nodiscard]] bool finished(Position i) const { return state_[i] != NAS_TRIAL_PENDING; }
  [[nodiscard]] std::uint32_t state(Position i) const { return state_[i]; }
  [[nodiscard]] bool paused(Position i) const { return state_[i] == NAS_TRIAL_PAUSED; }
  [[nodiscard]] double budget(Position i) const { return budget_[i]; }
  [[nodiscard]] bool accepted(Position i) const { return accepted_[i] != 0; }
  [[nodiscard]] double cost_seconds(Position i) const { return cost_seconds_[i]; }
  // Neither a repeat nor without an architecture.
  [[nodiscard]] bool is_new(Position i) const { return repeated_[i] == 0 && state_[i] != NAS_TRIAL_INVALID; }
  // Completed and no constraint broken.
  [[nodiscard]] bool feasible(Position i) const;

  // Trials [first, first + n) as they are.
  [[nodiscard]] ObservationView slice(Position first, std::size_t n);
  // Trials [first, first + n) as if none of them had finished.
  [[nodiscard]] ObservationView pending_slice(Position first, std::size_t n);
  // The trials at `positions`, which ascend. Valid until the next call of this function or the next one.
  [[nodiscard]] ObservationView gather(std::span<const Position> positions);
  // The same as if none of them had finished.
  [[nodiscard]] ObservationView gather_pending(std::span<const Position> positions);

 private:
  [[nodiscard]] nas_obs obs(std::size_t n) const;

  std::size_t n_params_, n_objectives_, n_constraints_, n_metrics_;
  std::vector<TrialId> trial_id_;
  std::vector<std::uint32_t> state_;
  std::vector<double> budget_, values_, constraints_, metrics_, cost_seconds_;
  std::vector<std::uint8_t> accepted_, repeated_;
  std::vector<double> x_;
  std::vector<std::uint8_t> active_;

  std::vector<std::uint32_t> all_pending_;  // the constant columns of pending_slice()
  std::vector<double> zeros_, not_measured_;
  std::vector<std::uint8_t> none_accepted_;
  std::unique_ptr<History> gathered_;
};

}  // namespace nascent::core::search
