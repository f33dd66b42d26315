// The budgets at which successive halving compares trials.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "shared/curve.hpp"

namespace nascent::schedulers {

// floor and ceil of a quotient or power whose last bits are not to be trusted.
inline double floor_of(double x) { return std::floor(x * (1 + 1e-9)); }
inline double ceil_of(double x) { return std::ceil(x * (1 - 1e-9)); }

// Are budgets of this unit whole numbers, of which the least is 1?
inline bool is_counted(const nas_budget& budget) { return budget.unit == NAS_UNIT_EPOCH || budget.unit == NAS_UNIT_STEP; }

inline constexpr Option eta_option =
    option("eta", "one trial in eta goes on at a rung, and trains eta times as long").real(2, 1000).otherwise(3.0);
inline constexpr Option budget_min_option =
    option("budget_min", "budget of the first rung; the full budget / eta^4 when absent, but at least 1 epoch or step")
        .real(1e-9);

// Rung k lies at first * eta^k, for as long as the next would lie at or below the full budget; what leaves the last
// rung trains to the full budget. Rungs in epochs or steps are rounded up to whole ones.
class Rungs {
 public:
  Rungs(double first, double eta, const nas_budget& full) : full_(full.to) {
    for (double b = first; floor_of(full_ / b / eta) >= 1; b *= eta) budgets_.push_back(is_counted(full) ? ceil_of(b) : b);
  }

  [[nodiscard]] std::size_t size() const { return budgets_.size(); }
  // Of rung k; the full budget for k == size().
  double operator[](std::size_t k) const { return k < budgets_.size() ? budgets_[k] : full_; }

  // The rung that the trial's newest report is the first to reach: the highest where it passes several. None between
  // rungs and at the full budget.
  [[nodiscard]] std::optional<std::size_t> arrived(const Curve& trial) const {
    const auto passed = [this](double budget) {
      return static_cast<std::size_t>(std::upper_bound(budgets_.begin(), budgets_.end(), budget) - budgets_.begin());
    };
    const std::size_t now = passed(trial.newest().budget());
    const std::size_t before = trial.size() > 1 ? passed(trial[trial.size() - 2].budget()) : 0;
    if (now == before || trial.reached(full_)) return std::nullopt;
    return now - 1;
  }

 private:
  std::vector<double> budgets_;
  double full_;
};

// The rungs that the options `eta` and `budget_min` ask for: at least one.
inline Rungs rungs_of(const Options& given, const nas_budget& full) {
  if (!(full.to > 0)) throw Error(NAS_E_INVALID, "rungs divide the budget of a trial; give one in [budget]");
  const double eta = given.real("eta");
  double first = given.has("budget_min") ? given.real("budget_min") : full.to / std::pow(eta, 4);
  if (is_counted(full)) first = std::max(first, 1.0);
  Rungs rungs(first, eta, full);
  if (rungs.size() == 0) {
    throw InvalidOption("budget_min", "the first rung would lie at " + std::to_string(first) +
                                          "; it has to be at most the full budget / eta, " +
                                          std::to_string(full.to / eta));
  }
  return rungs;
}

}  // namespace nascent::schedulers
