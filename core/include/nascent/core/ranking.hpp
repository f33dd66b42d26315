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
// metrics from another trial. Of a trial it keeps the losses only, so that a million fit into some ten megabytes.
class Ranking {
 public:
  explicit Ranking(const Scoring& scoring);
  // In any order; each trial once.
  void add(const Trial& trial);
  [[nodiscard]] std::size_t size() const { return trial_.size(); }
  [[nodiscard]] const Scoring& scoring() const { return scoring_; }
  // [size()][n_objectives], in the order of adding.
  [[nodiscard]] std::span<const double> losses() const { return losses_; }
  [[nodiscard]] std::vector<TrialId> best(std::size_t top = ~std::size_t{0}) const;
  // What no other dominates, of equals the first one only: with one objective the best trial.
  [[nodiscard]] std::vector<TrialId> front() const;

 private:
  using Places = std::vector<std::size_t>;  // in the columns
  [[nodiscard]] std::span<const double> of(std::size_t place) const {
    return {losses_.data() + place * scoring_.n_objectives(), scoring_.n_objectives()};
  }
  [[nodiscard]] Places sorted(std::size_t n) const;  // the first n
  // Takes those out of `places`, which are sorted, that none of them dominates.
  [[nodiscard]] Places take_front(Places& places) const;

  Scoring scoring_;
  std::vector<TrialId> trial_;
  std::vector<double> losses_;              // [size()][n_objectives]
  std::vector<double> measured_, broken_;  // of the trial that is added
};

}  // namespace nascent::core
