// The processes that predict objectives, constraints and failures from a configuration.
#pragma once

#include <span>

#include "gp/hyperparameters.hpp"
#include "gp/process.hpp"
#include "gp/targets.hpp"

namespace nascent::gp {

// Hyper-parameters of each lesson of the trials, in the order of lessons(); several draws of them, or one. From at most
// kFitRowsMax trials each: the best quarter and an even part of the others.
inline constexpr std::size_t kFitRowsMax = 120;
using Thetas = std::vector<Vector>;  // [lessons]
std::vector<Thetas> learnt_thetas(const Layout& layout, const ToldList& trials, std::size_t n_objectives,
                                  std::size_t n_constraints, Hyperparameters kind, std::uint64_t seed);

// One process for each lesson, independent of each other, with the given hyper-parameters. Lessons that have none,
// because the first trial failed only later, have those of the prior's greatest density.
class Model {
 public:
  Model(const Layout& layout, Thetas thetas, std::size_t n_objectives, std::size_t n_constraints)
      : layout_(layout), thetas_(std::move(thetas)), n_objectives_(n_objectives), n_constraints_(n_constraints) {}

  // Learns from `trials`, which begin with those of the last call. Those of the first call come at once, later ones one
  // by one: after equal first calls the model does not depend on how many come at a time.
  void learn(const ToldList& trials);

  [[nodiscard]] std::size_t n_objectives() const { return n_objectives_; }
  [[nodiscard]] const Process& objective(std::size_t k) const { return processes_[k]; }
  // Logarithm of the probability that a trial ends with a result that satisfies every constraint; > -infinity. [at]
  [[nodiscard]] Vector log_success(const Inputs& at) const;
  // The completed trials that satisfied every constraint, and what their objectives are predicted to be without noise:
  // [n][n_objectives].
  [[nodiscard]] const Inputs& feasible() const { return feasible_; }
  [[nodiscard]] const Matrix& feasible_means() const { return feasible_means_; }

 private:
  void learn(Process& process, const ToldList& trials, const Lesson& lesson) const;
  void predict_feasible(const ToldList& trials, const std::vector<Lesson>& all);

  Layout layout_;
  Thetas thetas_;
  std::size_t n_objectives_, n_constraints_;
  bool started_ = false;
  std::vector<Process> processes_;  // [lessons]
  std::vector<double> thresholds_;  // [lessons]
  Inputs feasible_;
  Matrix feasible_means_;
};

}  // namespace nascent::gp
