// Where a learning curve will end, with its uncertainty.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nascent::curve {

// P(T <= t) of Student's t with df >= 1 degrees of freedom; O(df). Source: Abramowitz, Stegun, "Handbook of
// Mathematical Functions" (1964), 26.7.3 and 26.7.4.
double student_cdf(double t, std::size_t df);

struct CurvePoint {
  double budget;  // > 0
  double value;
};

// The value at the budget `full`, given earlier points of the curve: a mixture of Student's t distributions, one for
// each shape that learning curves have been found to take.
//
// Shapes: all of Domhan, Springenberg, Hutter, "Speeding up Automatic Hyperparameter Optimization of Deep Neural
// Networks by Extrapolation of Learning Curves" (IJCAI 2015), table 1, that tend to a limit have the form c + a g(t)
// with a g that falls to 0: a power t^-p, a stretched exponential exp(-r t^p), a Hill function 1 / (1 + (t / r)^p), and
// 1 / log t. Here g runs over a grid of 104 shapes in place of their MCMC, as
//     h(t) = (g(t) - g(T)) / (g(t_1) - g(T)).
// They add several curves up; here each shape has a second, slow phase beside it, which is straight so far. So in
//     y(t) = m + d h(t) + e (T - t) / (T - t_1) + noise,   noise ~ N(0, s^2),
// m is the value at the full budget T and d + e the fall from the first report t_1 to there.
//
// For each shape (m, d, e) is a Bayesian linear regression with conjugate prior, in units of the range of the points
// around the last: N(0, s^2 diag(1e5, 1e5, 100)), s^2 ~ InverseGamma(1, 0.05^2). The shapes are weighted by their
// evidence, that is averaged: Hoeting, Madigan, Raftery, Volinsky, "Bayesian Model Averaging" (Statistical Science
// 14(4), 1999).
class Extrapolation {
 public:
  // At least one point, by rising budget, all below `full`; values finite. More than 64 are averaged in 64 groups: it
  // costs a third of a millisecond at most.
  Extrapolation(std::span<const CurvePoint> points, double full);

  // P(value at the full budget <= value).
  [[nodiscard]] double cdf(double value) const;
  [[nodiscard]] double mean() const;

 private:
  struct Component {
    double weight, location, scale;
  };
  std::vector<Component> components_;
  std::size_t df_ = 1;
};

}  // namespace nascent::curve
