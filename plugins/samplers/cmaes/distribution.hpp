// The normal distribution that CMA-ES adapts. Source: Hansen, "The CMA Evolution Strategy: A Tutorial" (2016,
// arXiv:1604.00772), with the diagonal scaling of Hamano, Saito, Nomura, Shirakawa, "CMA-ES with Margin" (GECCO 2022,
// arXiv:2205.13482).
#pragma once

#include <Eigen/Core>
#include <vector>

#include "strategy.hpp"

namespace nascent::cmaes {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

// N(mean, sigma^2 A C A) over n coordinates, A diagonal: the identity but where set_marginal() was called.
class Distribution {
 public:
  Distribution(const Strategy& strategy, Vector mean, double sigma);

  // The point that standard normal noise [n] leads to: mean + sigma A C^(1/2) noise.
  [[nodiscard]] Vector point(const Vector& noise) const;
  // The point itself, or where the distribution did not propose it and would hardly have, the nearest one in its
  // direction from the mean that it might have: of Mahalanobis length sqrt(n) + 2 n / (n + 2). Source: Hansen,
  // "Injecting External Solutions Into CMA-ES" (2011, arXiv:1110.4181), equation 4.
  [[nodiscard]] Vector within_reach(const Vector& point) const;
  // One generation: lambda points [n], the best first. Hansen 2016, appendix A.
  void update(const std::vector<Vector>& best_first);
  // Sets one coordinate's mean and standard deviation, the latter through A.
  void set_marginal(Eigen::Index i, double mean, double deviation);

  [[nodiscard]] const Vector& mean() const { return mean_; }
  [[nodiscard]] double sigma() const { return sigma_; }
  [[nodiscard]] const Matrix& covariance() const { return covariance_; }
  // Of one coordinate.
  [[nodiscard]] double deviation(Eigen::Index i) const;
  // Largest over smallest eigenvalue of C.
  [[nodiscard]] double condition() const;

 private:
  void decompose();
  // C^(-1/2) y.
  [[nodiscard]] Vector whitened(const Vector& y) const;

  Strategy strategy_;
  Vector mean_;
  double sigma_;
  Matrix covariance_;
  Vector widening_;  // the diagonal of A
  Vector path_sigma_, path_c_;
  Matrix axes_;     // eigenvectors of C in columns
  Vector lengths_;  // square roots of its eigenvalues
  std::size_t generation_ = 0;
};

}  // namespace nascent::cmaes
