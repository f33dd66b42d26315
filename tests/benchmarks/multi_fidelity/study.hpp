// One study over a table: the search loop with its sampler and scheduler, and the regret as its epochs are spent.
#pragma once

#include <cstdint>
#include <vector>

#include "nascent/core/options.hpp"
#include "problem.hpp"

namespace nascent::multi_fidelity {

struct Choice {
  const nas_component* sampler;
  const core::OptionTable* sampler_options;
  const nas_component* scheduler;  // null: every trial gets its full budget
  const core::OptionTable* scheduler_options;
};

struct Checkpoint {
  double spent;   // epochs
  double regret;  // of the best value seen so far; of the first value while there is none that counts
  std::uint64_t trials;
  double seconds;
};

// Trains until the last of `budgets` epochs are spent; one trial at a time.
std::vector<Checkpoint> run(const Choice& choice, const Problem& problem, std::uint64_t seed, const std::vector<double>& budgets);

}  // namespace nascent::multi_fidelity
