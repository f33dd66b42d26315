// Observations for samplers and schedulers under test, owned: rows in, nas_obs columns out.
#pragma once

#include <limits>
#include <vector>

#include "nascent/sampler.hpp"

namespace nascent::test {

// All columns of a list of observations. Add in order of (trial, budget).
class History {
 public:
  explicit History(std::size_t n_objectives = 1, std::size_t n_constraints = 0, std::size_t n_metrics = 0)
      : n_objectives_(n_objectives), n_constraints_(n_constraints), n_metrics_(n_metrics) {}

  History& add(std::uint64_t trial_id, TrialState state, std::vector<double> values, const Point& point = {},
               std::vector<double> constraints = {}, double budget = 1, std::vector<double> metrics = {}) {
    values.resize(n_objectives_);
    constraints.resize(n_constraints_);
    metrics.resize(n_metrics_, std::numeric_limits<double>::quiet_NaN());
    trial_id_.push_back(trial_id);
    state_.push_back(static_cast<std::uint32_t>(state));
    budget_.push_back(budget);
    cost_.push_back(1);
    accepted_.push_back(0);
    values_.insert(values_.end(), values.begin(), values.end());
    constraints_.insert(constraints_.end(), constraints.begin(), constraints.end());
    metrics_.insert(metrics_.end(), metrics.begin(), metrics.end());
    x_.insert(x_.end(), point.x.begin(), point.x.end());
    active_.insert(active_.end(), point.active.begin(), point.active.end());
    n_params_ = point.x.size();
    return *this;
  }
  // One intermediate report, for schedulers; of a trial that was forked, with its parent.
  History& report(std::uint64_t trial_id, TrialState state, double budget, std::vector<double> values,
                  std::uint64_t parent = NAS_NO_TRIAL) {
    parent_.resize(trial_id_.size(), NAS_NO_TRIAL);
    parent_.push_back(parent);
    return add(trial_id, state, std::move(values), {}, {}, budget);
  }
  [[nodiscard]] const nas_obs* get() {
    rows_ = {sizeof rows_,  static_cast<std::uint32_t>(n_params_), trial_id_.size(), trial_id_.data(), x_.data(),
             active_.data()};
    obs_ = {sizeof obs_,
            static_cast<std::uint32_t>(n_objectives_),
            static_cast<std::uint32_t>(n_constraints_),
            static_cast<std::uint32_t>(n_metrics_),
            trial_id_.size(),
            trial_id_.data(),
            state_.data(),
            budget_.data(),
            values_.data(),
            constraints_.data(),
            cost_.data(),
            accepted_.data(),
            &rows_,
            metrics_.data(),
            parent_.size() == trial_id_.size() ? parent_.data() : nullptr};
    return &obs_;
  }
  [[nodiscard]] Observations view() { return Observations(get()); }
  [[nodiscard]] std::size_t size() const { return trial_id_.size(); }

 private:
  std::size_t n_objectives_, n_constraints_, n_metrics_, n_params_ = 0;
  std::vector<std::uint64_t> trial_id_, parent_;
  std::vector<std::uint32_t> state_;
  std::vector<double> budget_, values_, constraints_, cost_, metrics_, x_;
  std::vector<std::uint8_t> accepted_, active_;
  nas_rows rows_{};
  nas_obs obs_{};
};

}  // namespace nascent::test
