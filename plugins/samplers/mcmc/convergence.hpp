// How far several chains agree, and how many independent draws they are worth.
#pragma once

#include <span>
#include <vector>

namespace nascent::mcmc {

// [chains][draws], chains of equal length.
using Chains = std::vector<std::vector<double>>;

struct Convergence {
  double r_hat = 1;  // 1 = the chains cannot be told apart; above 1.01 they have not mixed yet
  double ess = 0;    // effective sample size of all draws together, for the bulk of the distribution
};

// Rank-normalised split R-hat, the larger one of values and folded values, and bulk effective sample size by Geyer's
// initial monotone sequence. Source: Vehtari, Gelman, Simpson, Carpenter, Buerkner, "Rank-normalization, folding, and
// localization: an improved R-hat for assessing convergence of MCMC" (Bayesian Analysis 16(2), 2021), sections 3 and 4.
// Needs 4 draws a chain; fewer give an infinite R-hat and an ESS of 0. Draws that are all equal give 1 and their number.
Convergence convergence(const Chains& chains);

}  // namespace nascent::mcmc
