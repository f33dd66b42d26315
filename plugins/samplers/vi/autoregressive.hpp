// A distribution in which each parameter depends on the ones before it.
#pragma once

#include <vector>

#include "family.hpp"

namespace nascent::vi {

// Each parameter's logits, or the mean of its normal score, are linear in features of the parameters before it: which
// choice was taken, what score a number has, whether a parameter is active at all. Logistic regressions in a row, as in
// Frey, "Graphical Models for Machine Learning and Digital Communication" (1998), and NADE (Larochelle and Murray, AISTATS
// 2011) without its hidden layer: enough for interactions of pairs.
//
// The Fisher matrix has no closed form here. Each coefficient moves by its gradient over the diagonal of that matrix,
// divided by the number of coefficients that move together. Coefficients of features have a standard normal prior. A
// parameter without features before it moves as in Factorised.
class Autoregressive : public Family {
 public:
  // Choices of more values neither are features nor depend on any.
  static constexpr std::size_t kChoicesMax = 32;
  // The context is cut to the nearest parameters until there are at most so many coefficients.
  static constexpr std::size_t kCoefficientsMax = std::size_t{1} << 20U;

  explicit Autoregressive(const Encoding& encoding);

  void ascend(std::span<const Sample> samples, double rate) override;
  [[nodiscard]] std::unique_ptr<Family> clone() const override { return std::make_unique<Autoregressive>(*this); }
  [[nodiscard]] std::size_t context_length() const { return context_length_; }

 protected:
  std::span<const double> choice(std::size_t i, const Code& before, std::vector<double>& scratch) const override;
  [[nodiscard]] Normal number(std::size_t i, const Code& before) const override;

 private:
  struct Feature {
    std::size_t at;  // position among the features of the context
    double value;
  };
  // One linear function of the context for each logit, or one for the mean.
  struct Conditional {
    std::vector<double> bias;          // [outputs]
    std::vector<double> coefficients;  // [outputs][width]
    std::size_t width = 0;             // features of the context
    double log_sd = 0;                 // of a number
  };
  // Sums over samples: gradient and diagonal of the Fisher matrix, shaped as a Conditional.
  struct Slope;

  [[nodiscard]] std::size_t n_features(std::size_t i) const;
  [[nodiscard]] std::size_t first_of_context(std::size_t i) const { return i > context_length_ ? i - context_length_ : 0; }
  [[nodiscard]] std::size_t count_coefficients() const;
  // Features of the context of parameter i that are not 0.
  void features(std::size_t i, const Code& code, std::vector<Feature>& out) const;
  [[nodiscard]] double output(const Conditional& c, std::size_t k, const std::vector<Feature>& features) const;
  void ascend(std::size_t i, std::span<const Sample> samples, double rate);

  std::size_t context_length_;
  std::vector<Conditional> conditionals_;  // [n_params]
};

}  // namespace nascent::vi
