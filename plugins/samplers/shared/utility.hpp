// What a trial is worth on a scale that does not depend on the objective's unit.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "nascent/sampler.hpp"

namespace nascent::samplers {

// Losses of a trial that completed within its constraints; empty for every other trial. [n_objectives]
std::optional<std::vector<double>> usable_losses(const Observation& observation);

// Spread of values in the sense of a standard deviation, robust against outliers: the interquartile range / 1.349, which
// is the standard deviation of normal values; where half of the values are equal, their standard deviation. 1 when all
// are equal.
double robust_spread(std::vector<double> values);

enum class TemperatureUnit {
  spread,    // of the objective, as the first trials show it
  absolute,  // the objective's own unit
};

// Turns losses into the logarithm of a target density relative to the prior:
//   log_weight = -(mean over the objectives of loss / unit) / temperature.
// The unit of an objective is its robust spread over the losses collected so far, or 1. Only differences matter.
class Utility {
 public:
  Utility(double temperature, TemperatureUnit unit, std::size_t n_objectives)
      : temperature_(temperature), unit_(unit), losses_(n_objectives), spread_(n_objectives, 1.0) {}

  // Counts the losses towards the spread. [n_objectives], finite.
  void collect(std::span<const double> losses);
  // Do the losses collected tell a spread, or none of them from the others?
  [[nodiscard]] bool has_spread() const { return has_spread_; }
  [[nodiscard]] double log_weight(std::span<const double> losses) const;
  // [n_objectives] one unit of each loss.
  [[nodiscard]] std::span<const double> spread() const { return spread_; }

 private:
  double temperature_;
  TemperatureUnit unit_;
  std::vector<std::vector<double>> losses_;  // [n_objectives][collected]
  std::vector<double> spread_;
  bool has_spread_ = false;
};

}  // namespace nascent::samplers
