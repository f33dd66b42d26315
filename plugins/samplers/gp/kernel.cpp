#include "gp/kernel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nascent::gp {

Kernel::Places::Places(const Layout& layout)
    : angles(lengths + static_cast<Index>(layout.size())),
      graph(angles + std::count(layout.conditional.begin(), layout.conditional.end(), std::uint8_t{1})),
      size(graph + (layout.graph == GraphKernel::with ? 1 : 0)) {}

Kernel::Kernel(const Layout& layout, const Vector& theta)
    : layout_(layout),
      places_(layout),
      signal_(std::exp(theta[places_.signal])),
      noise_(std::exp(theta[places_.noise])),
      inverse_lengths_((-theta.segment(places_.lengths, static_cast<Index>(layout.size()))).array().exp()),
      angles_(Vector::Zero(static_cast<Index>(layout.numbers()))) {
  if (layout.graph == GraphKernel::with) graph_ = std::exp(theta[places_.graph]);
  Index arc = 0;
  for (Index i = 0; i < angles_.size(); ++i) {
    if (is_arc(i)) angles_[i] = std::numbers::pi * std::exp(theta[places_.angles + arc++]);
    coordinates_ += is_arc(i) ? 2 : 1;
  }
}

Kernel::Embedded Kernel::embed(const Inputs& inputs) const {
  Embedded out{Matrix(inputs.size(), coordinates_),
               {},
               inputs.x.rightCols(static_cast<Index>(layout_.categoricals)),
               inputs.graphs};
  Index c = 0;
  for (Index i = 0; i < angles_.size(); ++i) {
    const auto u = inputs.x.col(i).array();
    const double scale = inverse_lengths_[i];
    if (is_arc(i)) {
      out.points.col(c++) = u.isNaN().select(0.0, scale * (angles_[i] * u).sin());
      out.points.col(c++) = u.isNaN().select(0.0, scale * (angles_[i] * u).cos());
    } else {
      out.points.col(c++) = scale * (u - 0.5);  // about the origin, where products are exact
    }
  }
  out.squares = out.points.rowwise().squaredNorm();
  return out;
}

Matrix Kernel::squared_distances(const Embedded& a, const Embedded& b) const {
  Matrix d = -2.0 * a.points * b.points.transpose();
  d.colwise() += a.squares;
  d.rowwise() += b.squares.transpose();
  return d.cwiseMax(0.0);
}

Matrix Kernel::hamming(const Embedded& a, const Embedded& b) const {
  Matrix h = Matrix::Zero(a.size(), b.size());
  const Index first = angles_.size();
  for (Index c = 0; c < a.categories.cols(); ++c) {
    const double weight = 0.5 * inverse_lengths_[first + c] * inverse_lengths_[first + c];
    const double* const one = a.categories.col(c).data();
    for (Index j = 0; j < b.size(); ++j) {
      const double other = b.categories(j, c);
      double* const to = h.col(j).data();
      for (Index i = 0; i < a.size(); ++i) to[i] += one[i] != other ? weight : 0;
    }
  }
  return h;
}

Matrix Kernel::operator()(const Embedded& a, const Embedded& b) const {
  const Eigen::ArrayXXd squares = 5 * squared_distances(a, b).array(), r = squares.sqrt();
  Matrix k = signal_ * (1 + r + squares / 3) * (-r - hamming(a, b).array()).exp();
  if (graph_ > 0) k += graph_ * similarities(a.graphs, b.graphs);
  return k;
}

Kernel::Covariance Kernel::covariance(const Embedded& all, const Matrix& similar) const {
  const Eigen::ArrayXXd squares = 5 * squared_distances(all, all).array(), r = squares.sqrt();
  const Eigen::ArrayXXd decay = signal_ * (-r - hamming(all, all).array()).exp();
  Covariance k{{}, (1 + r + squares / 3) * decay, (5.0 / 6) * (1 + r) * decay};
  k.whole = k.parameters;
  if (graph_ > 0) k.whole += graph_ * similar;
  return k;
}

Vector Kernel::gradient(const Inputs& inputs, const Embedded& all, const Covariance& k, const Matrix& similar,
                        const Matrix& weights) const {
  Vector g(places_.size);
  const Matrix weighed = weights.cwiseProduct(k.parameters);
  g[places_.signal] = weighed.sum();
  g[places_.noise] = noise_ * weights.trace();
  if (graph_ > 0) g[places_.graph] = graph_ * weights.cwiseProduct(similar).sum();

  // sum_jk B_jk (e_j - e_k) (f_j - f_k) = 2 sum_j f_j ((B 1)_j e_j - (B e)_j) for symmetric B.
  const Matrix b = weights.cwiseProduct(k.slope);
  const Matrix pull = (all.points.array().colwise() * b.rowwise().sum().array()).matrix() - b * all.points;
  Index c = 0, arc = 0;
  for (Index i = 0; i < angles_.size(); ++i) {
    g[places_.lengths + i] = 4 * all.points.col(c).dot(pull.col(c));
    if (is_arc(i)) {
      g[places_.lengths + i] += 4 * all.points.col(c + 1).dot(pull.col(c + 1));
      const auto u = inputs.x.col(i).array();
      const Vector turn = u.isNaN().select(0.0, angles_[i] * u);
      const auto sine = all.points.col(c).array(), cosine = all.points.col(c + 1).array();
      g[places_.angles + arc++] =
          -4 * (turn.array() * (cosine * pull.col(c).array() - sine * pull.col(c + 1).array())).sum();
      ++c;
    }
    ++c;
  }
  for (Index m = 0; m < all.categories.cols(); ++m) {
    const double inverse = inverse_lengths_[angles_.size() + m];
    double differing = 0;
    for (Index j = 0; j < all.size(); ++j) {
      const auto differs = (all.categories.col(m).array() != all.categories(j, m)).cast<double>();
      differing += (weighed.col(j).array() * differs).sum();
    }
    g[places_.lengths + angles_.size() + m] = inverse * inverse * differing;
  }
  return g;
}

Matrix similarities(const std::vector<std::shared_ptr<const Subtrees>>& a,
                    const std::vector<std::shared_ptr<const Subtrees>>& b) {
  Matrix all(static_cast<Index>(a.size()), static_cast<Index>(b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      all(static_cast<Index>(i), static_cast<Index>(j)) = similarity(*a[i], *b[j]);
    }
  }
  return all;
}

}  // namespace nascent::gp
