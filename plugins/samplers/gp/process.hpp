// A Gaussian process conditioned on what was observed, and on more as it comes.
#pragma once

#include "gp/kernel.hpp"

namespace nascent::gp {

// f ~ GP(0, k), observed with independent normal noise. Conditioning on n configurations keeps the Cholesky factor L of
// their covariance and the innovations z = L^-1 y. Sources: Rasmussen, Williams, "Gaussian Processes for Machine
// Learning" (2006), algorithm 2.1; rows are appended to L as in Osborne, "Bayesian Gaussian Processes" (2010), appendix
// B. Several columns of z are as many possible worlds that share L: outcomes not known yet are conditioned on by
// their innovations, which are standard normal, and 0 where they come out as predicted.
class Process {
 public:
  // What is known of f at m configurations.
  struct Posterior {
    Kernel::Embedded at;
    Matrix whitened;   // [n][m] L^-1 k(observed, at)
    Matrix mean;       // [m][worlds]
    Vector deviation;  // [m] > 0
  };

  explicit Process(const Kernel& kernel) : kernel_(kernel) {}

  [[nodiscard]] const Kernel& kernel() const { return kernel_; }
  [[nodiscard]] Index size() const { return at_.size(); }

  // Appends observations whose values are not given yet, all at once, O(n^3), or one by one, O(n^2) each: then the
  // factor is the same to the last bit however many come at a time.
  void observe_all(const Inputs& inputs);
  void observe_each(const Inputs& inputs);
  // Values of all observations. [size()]
  void set_values(const Vector& values);
  // Means of f at the observations, values [size()] being those set: what is left of them without noise.
  [[nodiscard]] Vector smoothed(const Vector& values) const;
  // log p(values), with one column of values set.
  [[nodiscard]] double log_marginal_likelihood() const;

  // O(n^2) for each configuration.
  [[nodiscard]] Posterior posterior(const Inputs& at) const;
  // Of f at `p.at`, jointly: the lower Cholesky factor of their covariance, with `noise` on its diagonal. [m][m]
  [[nodiscard]] Matrix joint_factor(const Posterior& p, double noise) const;
  // Conditions on outcomes at `p.at` with the given innovations [m][worlds]; where there is one world yet, it is
  // multiplied. factor: of joint_factor(). Afterwards only posterior(), joint_factor() and condition() make sense.
  void condition(const Posterior& p, const Matrix& factor, const Matrix& innovations);

 private:
  // L^-1 k(observed, at).
  [[nodiscard]] Matrix whitened(const Kernel::Embedded& at) const;
  void append(const Kernel::Embedded& at, const Matrix& whitened, const Matrix& factor);

  // const: Eigen gives no triangular view of a block that it could write to.
  [[nodiscard]] const auto factor() const { return storage_.topLeftCorner(size(), size()); }

  Kernel kernel_;
  Kernel::Embedded at_;
  Matrix storage_;      // [>= n][>= n] the factor at its top left; above the diagonal it means nothing
  Matrix innovations_;  // [n][worlds]
};

// Lower Cholesky factor of a covariance that may be singular: with the least of 1e-10, 1e-8 .. of its mean variance
// added to the diagonal that makes it positive.
Matrix lower_factor(Matrix covariance);

}  // namespace nascent::gp
