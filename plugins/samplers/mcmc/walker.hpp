// One chain of a replica exchange: where it stands, how far it steps, what it has drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "moves.hpp"

namespace nascent::mcmc {

// Index of a configuration that a chain has stood on, among all of them.
using SampleIndex = std::uint32_t;

struct Rate {
  std::uint64_t accepted = 0, of = 0;
  void count(bool was_accepted) {
    accepted += was_accepted ? 1 : 0;
    ++of;
  }
};

struct Walker {
  std::optional<SampleIndex> at;   // empty until a first trial succeeded
  Steps steps;
  std::uint64_t n_single = 0, n_block = 0;  // moves that tuned the steps
  std::vector<SampleIndex> path;   // where it stood after each step behind the burn-in
  Rate moves, swaps;               // behind the burn-in; swaps with the next hotter neighbour

  // Robbins-Monro on the logarithm of the step towards the acceptance rate that is optimal for one parameter, or for
  // many: log step += n^-0.6 (probability - target). Source: Andrieu and Thoms, "A tutorial on adaptive MCMC" (Statistics
  // and Computing 18, 2008), section 4.2; targets 0.44 and 0.234 of Roberts and Rosenthal, "Optimal scaling for various
  // Metropolis-Hastings algorithms" (Statistical Science 16, 2001).
  void tune(const Proposal& proposal, double acceptance_probability);
};

}  // namespace nascent::mcmc
