// How alike two configurations are, as the covariance of their results.
#pragma once

#include "gp/encoder.hpp"

namespace nascent::gp {

// With hyper-parameters theta, all logarithms:
//
//   k(x, x') = s^2 (1 + r + r^2/3) exp(-r - h) + g^2 similarity(x, x'),   r^2 = 5 (sum of d_i^2 over the numbers)
//
// Matern 5/2 with one length scale l_i per number, d_i = |u_i - u_i'| / l_i (Rasmussen, Williams, "Gaussian Processes
// for Machine Learning", 2006, equation 4.17). A number that may be inactive is a point on an arc of radius 1/l_i and
// angle pi rho_i u_i, and the centre of the circle where it is inactive; d_i is the distance of the points (Swersky,
// Duvenaud, Snoek, Hutter, Osborne, "Raiders of the Lost Architecture", 2013, arXiv:1409.4011, section 3). h is the
// weighted Hamming distance of the categoricals, 1/(2 l_c^2) for each that differs, being inactive counted as a further
// choice (Hutter, Hoos, Leyton-Brown, LION 2011, section 4.1). The last term, with its own variance g^2, is the
// Weisfeiler-Lehman kernel (subtrees.hpp).
class Kernel {
 public:
  // Where the hyper-parameters stand in theta: log s^2, log noise variance, log l of each column, log rho of each
  // conditional number, log g^2 where there are graphs.
  struct Places {
    explicit Places(const Layout& layout);
    Index signal = 0, noise = 1, lengths = 2, angles, graph, size;
  };
  // Configurations as the distances need them.
  struct Embedded {
    Matrix points;      // [n][coordinates] numbers in units of their length scales, arcs as two coordinates
    Vector squares;     // [n] squared lengths of `points`
    Matrix categories;  // [n][categoricals]
    std::vector<std::shared_ptr<const Subtrees>> graphs;
    [[nodiscard]] Index size() const { return points.rows(); }
  };

  Kernel(const Layout& layout, const Vector& theta);

  [[nodiscard]] Embedded embed(const Inputs& inputs) const;
  // [a.size()][b.size()], without noise.
  [[nodiscard]] Matrix operator()(const Embedded& a, const Embedded& b) const;
  // k(x, x), without noise.
  [[nodiscard]] double variance() const { return signal_ + graph_; }
  [[nodiscard]] double noise() const { return noise_; }

  // Of the configurations among themselves, with what gradient() needs. similarities: [n][n], or empty without graphs.
  struct Covariance {
    Matrix whole;       // [n][n], without noise
    Matrix parameters;  // the part that is not the graphs'
    Matrix slope;       // its derivative by the sum of d_i^2, times -1
  };
  [[nodiscard]] Covariance covariance(const Embedded& all, const Matrix& similarities) const;
  // Derivatives by theta of sum_jk weights_jk (K + noise I)_jk. weights: [n][n], symmetric.
  [[nodiscard]] Vector gradient(const Inputs& inputs, const Embedded& all, const Covariance& k,
                                const Matrix& similarities, const Matrix& weights) const;

 private:
  [[nodiscard]] Matrix squared_distances(const Embedded& a, const Embedded& b) const;
  [[nodiscard]] Matrix hamming(const Embedded& a, const Embedded& b) const;
  [[nodiscard]] bool is_arc(Index number) const { return layout_.conditional[static_cast<std::size_t>(number)] != 0; }

  Layout layout_;
  Places places_;
  double signal_, noise_, graph_ = 0;
  Vector inverse_lengths_;  // [columns]
  Vector angles_;           // [numbers] pi rho, 0 where there is no arc
  Index coordinates_ = 0;
};

// [a.size()][b.size()] similarity() of each pair; empty without graphs.
Matrix similarities(const std::vector<std::shared_ptr<const Subtrees>>& a,
                    const std::vector<std::shared_ptr<const Subtrees>>& b);

}  // namespace nascent::gp
