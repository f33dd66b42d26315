// Tables of learning curves: what can be tried, what training shows epoch by epoch, and what it costs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nascent/space_declaration.hpp"

namespace nascent::multi_fidelity {

// One report of a training.
struct Level {
  double budget;  // epochs of the report
  double cost;    // epochs that are paid on the way to it from the level before
};

struct Problem {
  std::string name;
  SpaceDeclaration space;
  std::vector<Level> levels;
  // [candidates][levels], minimised; NaN where the training had diverged.
  std::vector<std::vector<double>> curves;
  // [candidates][n_params] where a sampler's proposal becomes the nearest candidate that was not tried; empty where every
  // configuration is a candidate, at mixed radix, the last parameter fastest.
  std::vector<std::vector<double>> pool;
  std::size_t first_counted = 0;  // values from this level on count as found
  double optimum = 0;             // the least of these

  [[nodiscard]] double full_budget() const { return levels.back().budget; }
};

// taskset_rnn: 1,000 configurations, 50 epochs, the lowest validation loss at any of them. nasbench201: trainings of 12 and of
// 200 epochs, which are separate ones, so that a promotion pays all 200; the highest mean validation accuracy of the latter.
std::vector<Problem> problems(const std::filesystem::path& folder);

}  // namespace nascent::multi_fidelity
