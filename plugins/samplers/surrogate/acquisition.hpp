// How much a configuration is worth trying, as one number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "surrogate/model.hpp"

namespace nascent::surrogate {

// Which gain counts: the mean of its predicted distribution, or one draw from it.
enum class Judgement { expected, drawn };

// By how much predicted scores y improve on the front: gain(y) = min over its members f of max over objectives k of
// (f_k - y_k), the best score minus y where there is one objective. Sources: expected improvement, Jones, Schonlau,
// Welch (J. Global Optimization 13, 1998); of several objectives, expected maximin improvement, Svenson, Santner (CSDA
// 94, 2016); independent Thompson sampling, White, Neiswanger, Savani (AAAI 2021), section 4.1. Weighed by the
// probability that the trial succeeds; before anything feasible was found only that counts.
//
// Trials that still run are taken to come out as predicted: they join the front, and where a tree's leaf holds one of
// them, that tree counts as knowing the answer and its share of the variance is gone.
class Worth {
 public:
  // `pending`: encoded rows. The model has to outlive this.
  Worth(const Model& model, const std::vector<std::vector<double>>& pending, Judgement judgement, std::uint64_t seed);
  // Larger is better. `row`: encoded.
  [[nodiscard]] double operator()(std::span<const double> row) const;

 private:
  void await(std::span<const double> row);
  [[nodiscard]] std::vector<Prediction> predict(std::span<const double> row) const;
  [[nodiscard]] double gain(std::span<const double> scores) const;
  [[nodiscard]] double log_expected_gain(std::span<const Prediction> predicted) const;
  [[nodiscard]] double drawn_gain(std::span<const Prediction> predicted, double success,
                                  std::span<const double> row) const;

  const Model& model_;
  Judgement judgement_;
  std::uint64_t seed_;
  std::vector<double> front_;                                     // [n][n_objectives]
  std::vector<double> draws_;                                     // [n_draws][n_objectives] standard normal
  std::vector<std::vector<std::vector<std::uint8_t>>> awaiting_;  // [n_objectives][trees][nodes], or empty
};

}  // namespace nascent::surrogate
