// How trials compare: objectives as losses, constraints as violations, the Pareto front of both.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// The value of a metric, or empty.
std::optional<double> metric(std::span<const Metric> metrics, std::string_view name);

// Objective values turned so that less is better.
inline double loss_of(const Objective& objective, double value) {
  return objective.direction == Direction::maximize ? -value : value;
}

// Reads losses and violations out of a trial's metrics, by the study's objectives and constraints.
class Scoring {
 public:
  explicit Scoring(const StudyConfig& config) : objectives_(config.objectives), constraints_(config.constraints) {}

  [[nodiscard]] std::size_t n_objectives() const { return objectives_.size(); }
  [[nodiscard]] std::size_t n_constraints() const { return constraints_.size(); }
  [[nodiscard]] const std::vector<Objective>& objectives() const { return objectives_; }

  // Writes [n_objectives] losses. The name of the first metric that is missing or not finite, or empty.
  [[nodiscard]] std::string_view losses(std::span<const Metric> metrics, std::span<double> out) const;
  // Writes [n_constraints]: satisfied when <= 0, else the distance to the bound. The name of the first metric that is
  // missing or not finite, whose violation is then written as 0; or empty.
  [[nodiscard]] std::string_view violations(std::span<const Metric> metrics, std::span<double> out) const;
  // Completed, every constraint measured, and one of them broken?
  [[nodiscard]] bool is_infeasible(const Trial& trial) const;

 private:
  std::vector<Objective> objectives_;
  std::vector<Constraint> constraints_;
};

// Is `a` at least as good as `b` everywhere and better somewhere?
bool dominates(std::span<const double> a, std::span<const double> b);

// The trials that no other dominates; of equals the first one only.
class ParetoFront {
 public:
  struct Member {
    TrialId trial = 0;
    std::vector<double> losses;
  };
  // False when a member dominates or equals it.
  bool add(TrialId trial, std::span<const double> losses);
  // In order of trial.
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

 private:
  std::vector<Member> members_;
};

// Completed trials that break no constraint, best first: by the objective; with several, the Pareto front, then the
// front of the rest, and so on, each front by its first objective. Ties by id. Without those that merely copied their
// metrics from another trial.
std::vector<Trial> best_first(const Scoring& scoring, std::vector<Trial> trials);

}  // namespace nascent::core
