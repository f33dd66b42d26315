// What a person may choose about Gaussian-process search.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nascent::gp {

enum class AcquisitionKind {
  log_ei,    // logarithm of the expected (hypervolume) improvement on the predicted front
  noisy_ei,  // the same, averaged over what the front may be
  ucb,       // improvement of the optimistic bound
  thompson,  // improvement of one function drawn from the posterior
};
enum class Hyperparameters {
  map,    // the most probable ones
  slice,  // several draws of their posterior
};
enum class GraphKernel { without, with };

struct Settings {
  std::uint64_t initial = 10;  // trials drawn from the prior before the first prediction
  AcquisitionKind acquisition = AcquisitionKind::log_ei;
  double kappa = 2;              // posterior deviations of ucb
  double random_share = 0.05;    // of the trials stay prior draws
  std::size_t candidates = 150;  // prior draws and mutants scored per proposal, before the local search
  std::size_t history = 500;     // trials a process is conditioned on
  Hyperparameters hyperparameters = Hyperparameters::map;
  GraphKernel graph = GraphKernel::without;
  std::size_t depth = 2;  // of the subtrees that the graph kernel compares
};

}  // namespace nascent::gp
