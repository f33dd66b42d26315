#include "walker.hpp"

#include <algorithm>
#include <cmath>

namespace nascent::mcmc {

void Walker::tune(const Proposal& proposal, double acceptance_probability) {
  if (!proposal.walked || proposal.move == Move::prior) return;
  const bool single = proposal.move == Move::single;
  std::uint64_t& n = single ? n_single : n_block;
  double& step = single ? steps.single : steps.block;
  const double gain = std::pow(static_cast<double>(++n), -0.6);
  step = std::clamp(step * std::exp(gain * (acceptance_probability - (single ? 0.44 : 0.234))), 1e-4, 1.0);
}

}  // namespace nascent::mcmc
