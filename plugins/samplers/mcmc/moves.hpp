// Proposals of a Metropolis-Hastings chain over configurations, with the probability ratio of each.
#pragma once

#include "shared/prior_scale.hpp"

namespace nascent::mcmc {

// Standard deviations of a number's step on its prior's scale, [0, 1].
struct Steps {
  double single = 0.2, block = 0.1;
};

enum class Move {
  prior,   // every parameter anew
  single,  // one parameter
  block,   // several at once
};

struct Proposal {
  Move move = Move::prior;
  // log [prior(y) q(y -> x)] - log [prior(x) q(x -> y)] for a move from x to y: what the acceptance ratio needs besides
  // the two utilities.
  double log_ratio = 0;
  bool walked = false;  // a number took a step, whose size matters
};

// The moves of one space.
//
// On the prior's scale the prior is uniform, so that only the proposal's own asymmetry counts. Parameters that a move
// makes active are drawn from their prior: density 1 on that scale, Jacobian 1. This is reversible jump (Green,
// "Reversible jump Markov chain Monte Carlo computation", Biometrika 82, 1995, section 3.3) as in Wingate, Stuhlmueller,
// Goodman, "Lightweight implementations of probabilistic programming languages" (AISTATS 2011), algorithm 2: what is left
// of the ratio is the choice of the parameters, which depends on how many are active before and after.
//
//   single  one of the d(x) free active parameters, each with probability 1/d(x):      ratio d(x)/d(y)
//   block   each of them with probability p, none at all excluded, p from 1/2, 1/4, ...: ratio
//           [1 - (1-p)^d(x)] / [1 - (1-p)^d(y)]
//
// A categorical takes another choice in proportion to the prior: ratio (1 - prior(k)) / (1 - prior(l)) for k -> l. A
// number of few levels, or an ordinal, takes another level l in proportion to prior(l) / (1 + (distance / step)^2), the
// distance being that of the levels' middles on the prior's scale: the ratio is that of the two normalisations. So a
// trial is never spent on standing still. Other numbers take a Gaussian step, reflected at the ends; one of many levels
// stands uniformly within its level first.
class Moves {
 public:
  explicit Moves(SpaceView space);

  // From `from`, a configuration of the space, to `to`, which does not overlap it.
  Proposal propose(ConstRow from, const Steps& steps, Rng& rng, Row to) const;
  [[nodiscard]] const samplers::PriorScale& scale() const { return scale_; }

 private:
  struct Step {
    double value, log_ratio;
    bool walked;
  };
  [[nodiscard]] std::size_t count_free(ConstRow row) const;
  // Takes `to` from a copy of `from` with the selected parameters changed.
  void change(ConstRow from, const std::vector<std::uint8_t>& selected, double sd, Rng& rng, Row to, Proposal& proposal) const;
  [[nodiscard]] Step step(std::size_t i, double value, double sd, Rng& rng) const;
  [[nodiscard]] Step other_choice(std::size_t i, double value, Rng& rng) const;
  [[nodiscard]] Step other_level(std::size_t i, double value, double sd, Rng& rng) const;
  [[nodiscard]] Step walk(std::size_t i, double value, double sd, Rng& rng) const;

  samplers::PriorScale scale_;
  std::uint64_t halvings_;  // number of block densities p = 1/2, 1/4, ...
};

}  // namespace nascent::mcmc
