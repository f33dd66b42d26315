#include "gp/process.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace nascent::gp {
namespace {

constexpr double kVarianceMin = 1e-12;
constexpr Index kRoom = 64;  // rows of storage ahead of need

void append_rows(Matrix& to, const Matrix& rows) {
  if (to.rows() == 0) {
    to = rows;
    return;
  }
  to.conservativeResize(to.rows() + rows.rows(), Eigen::NoChange);
  to.bottomRows(rows.rows()) = rows;
}

}  // namespace

Matrix lower_factor(Matrix covariance) {
  const double unit = std::max(covariance.diagonal().mean(), kVarianceMin);
  for (double jitter = 1e-10;; jitter *= 100) {
    const Eigen::LLT<Matrix> factored(covariance);
    if (factored.info() == Eigen::Success || jitter > 1) return factored.matrixL();
    covariance.diagonal().array() += jitter * unit;
  }
}

void Process::observe_all(const Inputs& inputs) {
  const Posterior p = posterior(inputs);
  append(p.at, p.whitened, joint_factor(p, kernel_.noise()));
}

void Process::observe_each(const Inputs& inputs) {
  const Kernel::Embedded all = kernel_.embed(inputs);
  for (Index i = 0; i < all.size(); ++i) {
    Kernel::Embedded one{all.points.row(i), all.squares.segment(i, 1), all.categories.row(i), {}};
    if (!all.graphs.empty()) one.graphs.push_back(all.graphs[static_cast<std::size_t>(i)]);
    const Matrix whitened = this->whitened(one);
    const double rest = kernel_.variance() + kernel_.noise() - whitened.squaredNorm();
    append(one, whitened, Matrix::Constant(1, 1, std::sqrt(std::max(rest, 0.5 * kernel_.noise()))));
  }
}

Matrix Process::whitened(const Kernel::Embedded& at) const {
  if (size() == 0 || at.size() == 0) return Matrix(size(), at.size());
  Matrix k = kernel_(at_, at);
  factor().triangularView<Eigen::Lower>().solveInPlace(k);
  return k;
}

void Process::append(const Kernel::Embedded& at, const Matrix& whitened, const Matrix& factor) {
  const Index n = size(), m = at.size();
  if (storage_.rows() < n + m) storage_.conservativeResize(n + m + kRoom, n + m + kRoom);
  storage_.block(n, 0, m, n) = whitened.transpose();
  storage_.block(n, n, m, m) = factor;
  append_rows(at_.points, at.points);
  append_rows(at_.categories, at.categories);
  at_.squares.conservativeResize(n + m);
  at_.squares.tail(m) = at.squares;
  at_.graphs.insert(at_.graphs.end(), at.graphs.begin(), at.graphs.end());
}

void Process::set_values(const Vector& values) {
  innovations_ = values;
  factor().triangularView<Eigen::Lower>().solveInPlace(innovations_);
}

Vector Process::smoothed(const Vector& values) const {
  Vector alpha = innovations_.col(0);
  factor().triangularView<Eigen::Lower>().transpose().solveInPlace(alpha);
  return values - kernel_.noise() * alpha;
}

double Process::log_marginal_likelihood() const {
  return -0.5 * innovations_.squaredNorm() - factor().diagonal().array().log().sum() -
         0.5 * static_cast<double>(size()) * std::log(2 * std::numbers::pi);
}

Process::Posterior Process::posterior(const Inputs& at) const {
  Posterior p{kernel_.embed(at), {}, {}, {}};
  p.whitened = whitened(p.at);
  const bool valued = innovations_.rows() == size() && size() > 0;
  p.mean = valued ? Matrix(p.whitened.transpose() * innovations_) : Matrix::Zero(at.size(), 1);
  const Eigen::ArrayXd variance = kernel_.variance() - p.whitened.colwise().squaredNorm().transpose().array();
  p.deviation = variance.max(kVarianceMin * kernel_.variance()).sqrt();
  return p;
}

Matrix Process::joint_factor(const Posterior& p, double noise) const {
  Matrix covariance = kernel_(p.at, p.at) - p.whitened.transpose() * p.whitened;
  covariance.diagonal().array() += noise;
  return lower_factor(std::move(covariance));
}

void Process::condition(const Posterior& p, const Matrix& factor, const Matrix& innovations) {
  if (innovations_.rows() == 0) innovations_ = Matrix(0, innovations.cols());
  if (innovations_.cols() != innovations.cols()) innovations_ = innovations_.replicate(1, innovations.cols()).eval();
  append(p.at, p.whitened, factor);
  append_rows(innovations_, innovations);
}

}  // namespace nascent::gp
