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
class Mixture {
 public:
  // axes [n_params]; block: the parameters covered; both outlive the mixture. prior_weight > 0: weight of the prior
  // where the told trials weigh 1 on average.
  Mixture(std::span<const Axis> axes, std::span<const std::size_t> block, std::span<const Component> told,
          double prior_weight);

  // A component drawn by weight.
  [[nodiscard]] std::size_t draw_component(Rng& rng) const;
  // Coordinate of parameter block[d] under a component.
  [[nodiscard]] double draw(std::size_t component, std::size_t d, Rng& rng) const {
    return kernels_[d]->draw(component, rng);
  }
  // Log density of a configuration [n_params] over the block's active parameters.
  [[nodiscard]] double log_density(const Coordinates& x) const;

 private:
  std::span<const std::size_t> block_;
  std::vector<double> log_weight_, cumulative_;    // [components]
  std::vector<std::unique_ptr<Kernels>> kernels_;  // [block]
};

}  // namespace nascent::tpe
