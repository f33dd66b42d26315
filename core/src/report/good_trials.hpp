// The good trials of a study as a weighted sample of the prior's good configurations.
#pragma once

#include <span>

#include "nascent/core/ranking.hpp"
#include "report/marginals.hpp"

namespace nascent::core::report {

struct GoodTrials {
  WeightedRows good;
  std::size_t finished = 0;         // trials that count
  std::optional<double> threshold;  // the worst good value of the objective, in its own direction; for one objective
};

// [trials] prior(x) / q(x), with mean 1. q is the density of what a sampler proposed. It is not known; it is taken to be
// independent in the active parameters, and each of its factors is estimated from all trials: choices by their frequency,
// numbers by that of eight parts of their prior, drawn towards the prior as far as the trials allow (Dirichlet-multinomial,
// its strength by maximum marginal likelihood). Where trials look drawn from the prior, all weights are 1. No weight is
// above sqrt(n) times the mean (Ionides, "Truncated importance sampling", JCGS 17, 2008).
std::vector<double> prior_over_proposal(const StudySpace& space, std::span<const Trial* const> trials);

// The trials that hold the best `share` of the weight, by their objective, or by the mean of their ranks where there are
// several objectives. Trials without a value at full budget and within all constraints are not good, but count.
GoodTrials good_trials(const Scoring& scoring, const StudySpace& space, std::span<const Trial> trials, double share);

}  // namespace nascent::core::report
