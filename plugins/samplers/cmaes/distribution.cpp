#include "distribution.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <utility>

namespace nascent::cmaes {

Distribution::Distribution(const Strategy& strategy, Vector mean, double sigma)
    : strategy_(strategy),
      mean_(std::move(mean)),
      sigma_(sigma),
      covariance_(Matrix::Identity(mean_.size(), mean_.size())),
      widening_(Vector::Ones(mean_.size())),
      path_sigma_(Vector::Zero(mean_.size())),
      path_c_(Vector::Zero(mean_.size())),
      axes_(covariance_),
      lengths_(Vector::Ones(mean_.size())) {}

Vector Distribution::point(const Vector& noise) const {
  return mean_ + sigma_ * widening_.cwiseProduct(axes_ * lengths_.cwiseProduct(noise));
}

Vector Distribution::whitened(const Vector& y) const { return axes_ * (axes_.transpose() * y).cwiseQuotient(lengths_); }

Vector Distribution::within_reach(const Vector& point) const {
  const double n = static_cast<double>(mean_.size()), reach = std::sqrt(n) + 2 * n / (n + 2);
  const double length = whitened((point - mean_).cwiseQuotient(widening_) / sigma_).norm();
  return length <= reach ? point : mean_ + reach / length * (point - mean_);
}

void Distribution::update(const std::vector<Vector>& best_first) {
  const Strategy& s = strategy_;
  const Eigen::Index n = mean_.size();
  std::vector<Vector> steps;
  Vector mean_step = Vector::Zero(n);
  for (std::size_t k = 0; k < s.lambda; ++k) {
    steps.emplace_back((best_first[k] - mean_).cwiseQuotient(widening_) / sigma_);
    if (k < s.mu) mean_step += s.weights[k] * steps[k];
  }
  mean_ += sigma_ * widening_.cwiseProduct(mean_step);

  path_sigma_ = (1 - s.c_sigma) * path_sigma_ + std::sqrt(s.c_sigma * (2 - s.c_sigma) * s.mu_eff) * whitened(mean_step);
  ++generation_;
  const double length = path_sigma_.norm(), n_real = static_cast<double>(n);
  const double expected = std::sqrt(1 - std::pow(1 - s.c_sigma, 2 * static_cast<double>(generation_)));
  const bool stalled = length / expected >= (1.4 + 2 / (n_real + 1)) * s.chi_n;  // h_sigma = 0: sigma is far too small
  path_c_ *= 1 - s.c_c;
  if (!stalled) path_c_ += std::sqrt(s.c_c * (2 - s.c_c) * s.mu_eff) * mean_step;

  double weights = 0;
  Matrix rank_mu = Matrix::Zero(n, n);
  for (std::size_t k = 0; k < s.lambda; ++k) {
    weights += s.weights[k];
    double weight = s.weights[k];
    if (weight < 0) {
      const double squared = whitened(steps[k]).squaredNorm();
      weight = squared > 0 ? weight * n_real / squared : 0;  // equation 46
    }
    rank_mu.selfadjointView<Eigen::Lower>().rankUpdate(steps[k], weight);
  }
  const double lost = stalled ? s.c_c * (2 - s.c_c) : 0;
  covariance_ *= 1 + s.c_1 * lost - s.c_1 - s.c_mu * weights;
  covariance_ += s.c_mu * Matrix(rank_mu.selfadjointView<Eigen::Lower>());
  covariance_ += s.c_1 * path_c_ * path_c_.transpose();
  sigma_ *= std::exp(s.c_sigma / s.d_sigma * (length / s.chi_n - 1));
  decompose();
}

void Distribution::set_marginal(Eigen::Index i, double mean, double deviation) {
  widening_[i] *= deviation / this->deviation(i);
  mean_[i] = mean;
}

double Distribution::deviation(Eigen::Index i) const { return sigma_ * widening_[i] * std::sqrt(covariance_(i, i)); }

double Distribution::condition() const {
  const double ratio = lengths_.maxCoeff() / lengths_.minCoeff();
  return ratio * ratio;
}

void Distribution::decompose() {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance_);
  axes_ = solver.eigenvectors();
  // Rounding may leave the least eigenvalues at or below 0 when the largest is 1e16 times as large.
  const double least = 1e-16 * solver.eigenvalues().maxCoeff();
  lengths_ = solver.eigenvalues().cwiseMax(least).cwiseSqrt();
}

}  // namespace nascent::cmaes
