// The density estimate of one group of trials: a weighted sum of kernels over configurations, the prior among them.
#pragma once

#include <span>
#include <vector>

#include "kernels.hpp"

namespace nascent::tpe {

// One told trial of a group.
struct Component {
  const Coordinates* at;
  double weight;  // > 0
};

// p(x) = sum_j w_j prod_d k_d(x_d | x_jd) over the parameters d of a block that are active in x. Component 0 is the
// prior; any other one stands for a told trial, and for the prior in parameters that were inactive there. Each
// component draws a whole configuration from the top of the tree down, so the sum is a density over conditional spaces
// too. Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (NeurIPS 2011), section 4; Watanabe,
// "Tree-Structured Parzen Estimator" (arXiv:2304.11127), section 3.
// May be estimated again and again, which reuses the memory. Calls come one at a time.
class Mixture {
 public:
  // axes [n_params]; block: the parameters covered; both outlive the mixture. To be estimated.
  Mixture(std::span<const Axis> axes, std::span<const std::size_t> block);
  // prior_weight > 0: weight of the prior where the told trials weigh 1 on average.
  void estimate(std::span<const Component> told, double prior_weight);

  // A component drawn by weight.
  [[nodiscard]] std::size_t draw_component(Rng& rng) const;
  // Coordinate of parameter block[d] under a component.
  [[nodiscard]] double draw(std::size_t component, std::size_t d, Rng& rng) const {
    return kernels_[d]->draw(component, rng);
  }
  // Log density of a configuration [n_params] over the block's active parameters.
  [[nodiscard]] double log_density(const Coordinates& x) const;
  // `above` - log_density(x) where that is more than `floor`; else any number that is not. Looks at no more components than
  // show that it is not.
  [[nodiscard]] double log_ratio(double above, const Coordinates& x, double floor) const;

 private:
  // Puts into terms_ the logs of the shares that components first to last - 1 have in the density.
  void add_terms(const Coordinates& x, std::size_t first, std::size_t last) const;

  std::span<const Axis> axes_;
  std::span<const std::size_t> block_;
  std::vector<double> log_weight_, cumulative_;    // [components]
  std::vector<Coordinate> columns_;                // [block][components]
  std::vector<std::unique_ptr<Kernels>> kernels_;  // [block]
  mutable std::vector<double> terms_;              // [components]
};

}  // namespace nascent::tpe
