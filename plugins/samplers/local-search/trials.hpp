// The finished trials, in columns.
#pragma once

#include <algorithm>
#include <cmath>

#include "nascent/pareto.hpp"
#include "nascent/sampler.hpp"

namespace nascent::local_search {

// A trial counts when it was completed with finite values; others (failed, invalid, pruned) are known, and no more.
class Trials {
 public:
  Trials(std::size_t n_params, std::size_t n_objectives) : n_params_(n_params), n_objectives_(n_objectives) {}

  void add(const Observation& told) {
    const ConstRow row = told.at();
    x_.insert(x_.end(), row.x.begin(), row.x.end());
    active_.insert(active_.end(), row.active.begin(), row.active.end());
    const auto values = told.values();
    counts_.push_back(told.completed() && std::ranges::all_of(values, [](double v) { return std::isfinite(v); }) ? 1
                                                                                                                 : 0);
    values_.insert(values_.end(), values.begin(), values.end());
    violations_.push_back(pareto::total_violation(told.constraints()));
  }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] ConstRow row(std::size_t i) const {
    return {std::span(x_).subspan(i * n_params_, n_params_), std::span(active_).subspan(i * n_params_, n_params_)};
  }
  [[nodiscard]] bool counts(std::size_t i) const { return counts_[i] != 0; }
  // For trials that count.
  [[nodiscard]] pareto::Outcomes outcomes() const { return {values_, n_objectives_, violations_}; }

 private:
  std::size_t n_params_, n_objectives_;
  std::vector<double> x_, values_, violations_;
  std::vector<std::uint8_t> active_, counts_;
};

}  // namespace nascent::local_search
