// The reports of one trial, and of every trial of a history.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nascent/scheduler.hpp"

namespace nascent::schedulers {

// One trial's reports, by rising budget: at least one. A view into columns; valid during the call.
class Curve {
 public:
  explicit Curve(const Observations& trial) : Curve(trial, 0, trial.size()) {}
  // Rows first to last - 1 of `all`.
  Curve(const Observations& all, std::size_t first, std::size_t last) : all_(all), first_(first), last_(last) {}

  [[nodiscard]] std::size_t size() const { return last_ - first_; }
  Observation operator[](std::size_t i) const { return all_[first_ + i]; }
  // Of row i alone.
  [[nodiscard]] Curve row(std::size_t i) const { return {all_, first_ + i, first_ + i + 1}; }
  [[nodiscard]] Observation newest() const { return all_[last_ - 1]; }
  [[nodiscard]] std::uint64_t trial_id() const { return newest().trial_id(); }
  [[nodiscard]] TrialState state() const { return newest().state(); }
  [[nodiscard]] bool reached(double budget) const { return newest().budget() >= budget; }

  // Values of the first report at `budget` or above, [n_objectives]; empty where the trial did not get so far.
  [[nodiscard]] std::span<const double> at(double budget) const {
    if (!reached(budget)) return {};
    std::size_t below = first_, from = last_ - 1;
    while (below < from) {
      const std::size_t middle = below + (from - below) / 2;
      if (all_[middle].budget() < budget) {
        below = middle + 1;
      } else {
        from = middle;
      }
    }
    return all_[from].values();
  }
  // The lowest finite value of objective k in the reports up to `budget`, infinity without one.
  [[nodiscard]] double best_until(double budget, std::size_t k) const {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < size() && (*this)[i].budget() <= budget; ++i) {
      const double value = (*this)[i].values()[k];
      if (std::isfinite(value)) best = std::min(best, value);
    }
    return best;
  }
  // Of each objective. [n_objectives].
  [[nodiscard]] std::vector<double> best_until(double budget) const {
    std::vector<double> best(newest().values().size());
    for (std::size_t k = 0; k < best.size(); ++k) best[k] = best_until(budget, k);
    return best;
  }

 private:
  Observations all_;
  std::size_t first_, last_;
};

// Calls `visit` with each of the history's trials, by their ids.
template <class Visit>
void for_each_curve(const Observations& history, const Visit& visit) {
  for (std::size_t i = 0, first = 0; i < history.size(); ++i) {
    if (i + 1 < history.size() && history[i + 1].trial_id() == history[i].trial_id()) continue;
    visit(Curve(history, first, i + 1));
    first = i + 1;
  }
}

// The history's trials, by their ids.
inline std::vector<Curve> curves_of(const Observations& history) {
  std::vector<Curve> curves;
  for_each_curve(history, [&](const Curve& c) { curves.push_back(c); });
  return curves;
}

inline bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace nascent::schedulers
