#include "history.hpp"

#include <algorithm>
#include <limits>

namespace nascent::core::search {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

History::History(std::size_t n_params, std::size_t n_objectives, std::size_t n_constraints, std::size_t n_metrics)
    : n_params_(n_params), n_objectives_(n_objectives), n_constraints_(n_constraints), n_metrics_(n_metrics) {}

Position History::append(TrialId trial) {
  const Position i = size();
  trial_id_.push_back(trial);
  state_.push_back(NAS_TRIAL_PENDING);
  budget_.push_back(0);
  values_.resize(values_.size() + n_objectives_);
  constraints_.resize(constraints_.size() + n_constraints_);
  metrics_.resize(metrics_.size() + n_metrics_, kNotMeasured);
  cost_seconds_.push_back(0);
  accepted_.push_back(0);
  repeated_.push_back(0);
  x_.resize(x_.size() + n_params_);
  active_.resize(active_.size() + n_params_);
  return i;
}

void History::drop_last() {
  trial_id_.pop_back();
  state_.pop_back();
  budget_.pop_back();
  values_.resize(values_.size() - n_objectives_);
  constraints_.resize(constraints_.size() - n_constraints_);
  metrics_.resize(metrics_.size() - n_metrics_);
  cost_seconds_.pop_back();
  accepted_.pop_back();
  repeated_.pop_back();
  x_.resize(x_.size() - n_params_);
  active_.resize(active_.size() - n_params_);
}

Position History::position_of(TrialId trial) const {
  if (trial < size() && trial_id_[trial] == trial) return trial;
  return static_cast<Position>(std::ranges::lower_bound(trial_id_, trial) - trial_id_.begin());
}

void History::finish(Position i, std::uint32_t state, double budget, double cost_seconds) {
  state_[i] = state;
  budget_[i] = budget;
  cost_seconds_[i] = cost_seconds;
  if (state != NAS_TRIAL_COMPLETED && state != NAS_TRIAL_PRUNED && state != NAS_TRIAL_PAUSED) {
    std::ranges::fill(losses_of(i), 0);
    std::ranges::fill(violations_of(i), 0);
  }
}

bool History::feasible(Position i) const {
  if (state_[i] != NAS_TRIAL_COMPLETED) return false;
  const double* c = constraints_.data() + i * n_constraints_;
  return std::all_of(c, c + n_constraints_, [](double v) { return v <= 0; });
}

nas_obs History::obs(std::size_t n) const {
  nas_obs o{};
  o.size = sizeof o;
  o.n_objectives = static_cast<std::uint32_t>(n_objectives_);
  o.n_constraints = static_cast<std::uint32_t>(n_constraints_);
  o.n_metrics = static_cast<std::uint32_t>(n_metrics_);
  o.n = n;
  return o;
}

ObservationView History::slice(Position first, std::size_t n) {
  nas_obs o = obs(n);
  o.trial_id = trial_id_.data() + first;
  o.state = state_.data() + first;
  o.budget = budget_.data() + first;
  o.values = values_.data() + first * n_objectives_;
  o.constraints = constraints_.data() + first * n_constraints_;
  o.metrics = metrics_.data() + first * n_metrics_;
  o.cost_seconds = cost_seconds_.data() + first;
  o.accepted = accepted_.data() + first;
  return {o, {sizeof(nas_rows), static_cast<std::uint32_t>(n_params_), n, o.trial_id, x_of(first), active_of(first)}};
}

ObservationView History::pending_slice(Position first, std::size_t n) {
  if (all_pending_.size() < n) {
    all_pending_.resize(n, NAS_TRIAL_PENDING);
    zeros_.resize(n * std::max({n_objectives_, n_constraints_, std::size_t{1}}));
    none_accepted_.resize(n);
    not_measured_.resize(n * n_metrics_, kNotMeasured);
  }
  nas_obs o = obs(n);
  o.trial_id = trial_id_.data() + first;
  o.state = all_pending_.data();
  o.budget = o.values = o.constraints = o.cost_seconds = zeros_.data();
  o.accepted = none_accepted_.data();
  o.metrics = not_measured_.data();
  return {o, {sizeof(nas_rows), static_cast<std::uint32_t>(n_params_), n, o.trial_id, x_of(first), active_of(first)}};
}

ObservationView History::gather_pending(std::span<const Position> positions) {
  gathered_ = std::make_unique<History>(n_params_, n_objectives_, n_constraints_, n_metrics_);
  for (const Position i : positions) {
    const Position to = gathered_->append(trial_id_[i]);
    std::copy_n(x_of(i), n_params_, gathered_->x_of(to));
    std::copy_n(active_of(i), n_params_, gathered_->active_of(to));
  }
  return gathered_->slice(0, positions.size());
}

ObservationView History::gather(std::span<const Position> positions) {
  static_cast<void>(gather_pending(positions));
  for (Position to = 0; to < positions.size(); ++to) {
    const Position i = positions[to];
    std::ranges::copy(losses_of(i), gathered_->losses_of(to).begin());
    std::ranges::copy(violations_of(i), gathered_->violations_of(to).begin());
    std::ranges::copy(metrics_of(i), gathered_->metrics_of(to).begin());
    gathered_->finish(to, state_[i], budget_[i], cost_seconds_[i]);
    gathered_->accepted_[to] = accepted_[i];
  }
  return gathered_->slice(0, positions.size());
}

}  // namespace nascent::core::search
