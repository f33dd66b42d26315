// One search of one problem, as the search loop runs it: a fixed number of trials in flight, told in order.
#pragma once

#include <cstdint>
#include <vector>

#include "nascent/core/instance.hpp"
#include "nascent/core/options.hpp"
#include "problem.hpp"

namespace nascent::search_quality {

struct SamplerChoice {
  const nas_component* component = nullptr;
  const core::OptionTable* options = nullptr;
};

// After so many evaluations.
struct Checkpoint {
  std::uint64_t evaluations = 0;
  double score = 0;          // regret; with two objectives the hypervolume share
  double distance = 0;       // one objective: value of the best found - optimum, in the units of the problem
  std::uint64_t unique = 0;  // different configurations
  double seconds = 0;        // spent inside the sampler so far
};

// `budgets` ascend. Trial n is asked for when all up to n - parallel are told; the others are pending. Every proposal
// costs one evaluation, also a repeated one. A sampler that is exhausted keeps what it has found. Throws
// std::runtime_error when the sampler refuses, fails, or proposes what the space does not hold.
std::vector<Checkpoint> run(const SamplerChoice& sampler, const Problem& problem, std::uint64_t seed,
                            const std::vector<std::uint64_t>& budgets, std::uint64_t parallel);

}  // namespace nascent::search_quality
