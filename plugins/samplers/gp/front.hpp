// How much a result improves on the best ones known.
#pragma once

#include <span>
#include <vector>

#include "gp/encoder.hpp"

namespace nascent::gp {

// log E[max(0, y)] for y ~ N(z, 1), to a relative precision of 1e-9 or better for every z. Source: Ament, Daulton,
// Eriksson, Balandat, Bakshy, "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (NeurIPS
// 2023, arXiv:2310.20708), equation 9; below -25 by Mills' ratio instead.
double log_improvement(double z);

// log of the standard normal distribution function, as precise, for every z.
double log_normal_cdf(double z);

// The undominated of some points, minimised. One objective: the gain of y is best - y. Several: the hypervolume that y
// adds up to a reference point a tenth of the front's range beyond its worst values.
class Front {
 public:
  // points: [n >= 1][n_objectives]. At most kBoxesMax boxes: of a front that would have more, the members of the
  // largest crowding distance stay.
  static constexpr double kBoxesMax = 4096;
  explicit Front(const Matrix& points);

  // Of one result [n_objectives]. Where it gains nothing, kNoGain and how near it comes: min over the front of max over
  // objectives of the difference.
  static constexpr double kNoGain = -1000;  // below the logarithm of any gain
  [[nodiscard]] double log_gain(std::span<const double> y) const;
  // Logarithm of the expected gain of independent normal results. The expectation over the part of a box [l, u) that y
  // dominates is the product over objectives of E[max(0, u - y)] - E[max(0, l - y)], so that the sum over boxes that
  // tile what the front leaves undominated is exact (Emmerich, Deutz, Klinkenberg, CEC 2011; tiling by slices: While,
  // Hingston, Barone, Huband, IEEE TEC 10, 2006). Where that underflows, as log_gain() of the means.
  [[nodiscard]] double log_expected_gain(std::span<const double> means, std::span<const double> deviations) const;

  [[nodiscard]] const std::vector<std::vector<double>>& members() const { return members_; }
  [[nodiscard]] const std::vector<double>& reference() const { return reference_; }

 private:
  struct Box {
    std::vector<double> lower, upper;
  };
  void tile(const std::vector<std::vector<double>>& points, std::size_t n_objectives, Box box);
  [[nodiscard]] double nearness(std::span<const double> y) const;

  std::vector<std::vector<double>> members_;
  std::vector<double> reference_;
  std::vector<Box> boxes_;
};

}  // namespace nascent::gp
