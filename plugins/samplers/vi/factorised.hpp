// A distribution in which the active parameters are independent.
#pragma once

#include <vector>

#include "family.hpp"

namespace nascent::vi {

// One step of a distribution that depends on no other parameter. The Fisher matrix is known, so that the natural gradient
// is a list of averages (Khan and Rue, "The Bayesian learning rule", JMLR 24, 2023, sections 2 and 4), A being the
// advantage and z = (score - mean) / sd:
//   log probability of a choice   E[A | choice]
//   mean                          sd E[A z]
//   log sd                        E[A (z^2 - 1)] / 2
// with the conditional expectations of z and z^2 in its cell for a number of levels. E[A | choice] counts one sample of
// advantage 0 more than there are: a choice seen once does not swing. The log probabilities are normalised before and after.
void ascend_choice(std::vector<double>& log_probability, std::size_t parameter, std::span<const Sample> samples, double rate);
void ascend_number(Normal& normal, std::size_t parameter, std::span<const Sample> samples, double rate);

// A product of such distributions: its Fisher matrix is block-diagonal.
class Factorised : public Family {
 public:
  explicit Factorised(const Encoding& encoding);

  void ascend(std::span<const Sample> samples, double rate) override;
  [[nodiscard]] std::unique_ptr<Family> clone() const override { return std::make_unique<Factorised>(*this); }

 protected:
  std::span<const double> choice(std::size_t i, const Code&, std::vector<double>&) const override { return choices_[i]; }
  [[nodiscard]] Normal number(std::size_t i, const Code&) const override { return numbers_[i]; }

 private:
  std::vector<std::vector<double>> choices_;  // [n_params][n_choices] log probabilities; empty for numbers
  std::vector<Normal> numbers_;               // [n_params]
};

}  // namespace nascent::vi
