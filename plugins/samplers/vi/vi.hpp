// Variational inference: the distribution nearest to prior x exp(utility / temperature).
#pragma once

#include <array>

#include "variational.hpp"

namespace nascent::vi {

inline constexpr std::array kForms{str("factorised"), str("autoregressive")};

// Minimises KL(q || target), target = prior x exp(-objective / temperature).
class Vi : public Variational {
 public:
  static constexpr About about{"org.nascent.sampler.vi", "vi", "1.0.0",
                               "Variational inference: fits a distribution over configurations to the good ones"};
  static constexpr std::array units{str("spread"), str("absolute")};
  static constexpr std::array options{
      option("family", "factorised: parameters independent; autoregressive: each depends on those before it")
          .one_of(kForms)
          .otherwise("factorised"),
      option("temperature", "of the target prior x exp(-objective / temperature); lower values look closer at the best")
          .real(1e-6, 1e6)
          .otherwise(0.5),
      option("temperature_unit", "spread: of the objective over the first trials; absolute: the objective's own unit")
          .one_of(units)
          .otherwise("spread"),
      option("rate", "length of a natural-gradient step").real(1e-6, 1).otherwise(0.2),
      option("initial", "trials from the prior before the first update").integer(2, 100000).otherwise(20),
      option("batch", "trials between two updates").integer(1, 100000).otherwise(10),
      option("window", "newest trials that an update uses").integer(2, 1000000).otherwise(1000),
      option("epochs", "steps of one update").integer(1, 1000).otherwise(5)};

  Vi(const VariationalSettings& settings, const SamplerSetup& setup) : Variational(settings, setup) {}
  Vi(const Options& given, const SamplerSetup& setup);
  [[nodiscard]] Posterior posterior(std::size_t draws_max) const { return draws(draws_max); }
};

}  // namespace nascent::vi
