// What the data say about the hyper-parameters of a kernel.
#pragma once

#include <vector>

#include "gp/kernel.hpp"
#include "nascent/rng.hpp"

namespace nascent::gp {

// log p(y | theta) + log p(theta) for standardised targets y. p(theta): length scales log-normal with location
// sqrt(2) + log(D) / 2 and scale sqrt(3) for D columns (Hvarfner, Hellsten, Nardi, "Vanilla Bayesian Optimization
// Performs Great in High Dimensions", ICML 2024, arXiv:2402.02229, section 4); the noise's variance log-normal with
// location -4 and scale 1 (BoTorch 0.12); signal and graph variance log-normal with location 0 and scale 1; rho uniform
// in its logarithm.
class HyperPosterior {
 public:
  // inputs: [n >= 1]; targets: [n].
  HyperPosterior(const Layout& layout, Inputs inputs, Vector targets);

  // [size()] where the prior's density is greatest; theta has to stay in [lowest(), highest()].
  [[nodiscard]] static Vector prior_mode(const Layout& layout);
  [[nodiscard]] static Vector lowest(const Layout& layout);
  [[nodiscard]] static Vector highest(const Layout& layout);
  [[nodiscard]] const Layout& layout() const { return layout_; }

  // Density of variances and length scales themselves, and its gradient by their logarithms theta, where wanted.
  // -infinity where the covariance cannot be factored. O(n^3). Source of the gradient: Rasmussen, Williams 2006,
  // equation 5.9.
  double log_density(const Vector& theta, Vector* gradient = nullptr) const;
  // Density of theta.
  [[nodiscard]] double log_density_of_logs(const Vector& theta) const;

 private:
  double log_prior(const Vector& theta, Vector* gradient) const;
  [[nodiscard]] double jacobian(const Vector& theta) const;

  Layout layout_;
  Kernel::Places places_;
  Inputs inputs_;
  Vector targets_;
  Matrix similarities_;
};

// The theta of greatest density: NLopt's L-BFGS from two starts, at most 50 densities each.
Vector most_probable(const HyperPosterior& posterior);

// `n` draws of theta by slice sampling, coordinate by coordinate with stepping out, from `start` on: Neal, "Slice
// Sampling" (Annals of Statistics 31, 2003), figures 3 and 5; on these posteriors Murray, Adams, "Slice Sampling
// Covariance Hyperparameters of Latent Gaussian Models" (NeurIPS 2010).
std::vector<Vector> slice_draws(const HyperPosterior& posterior, Vector start, std::size_t n, Rng& rng);

}  // namespace nascent::gp
