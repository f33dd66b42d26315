// Policy-gradient search: the case of vi that seeks the best expected objective instead of a distribution of good ones.
#pragma once

#include "vi.hpp"

namespace nascent::vi {

// REINFORCE as in Zoph and Le, "Neural architecture search with reinforcement learning" (ICLR 2017); the bonus on the
// policy's entropy as in Pham et al., "Efficient neural architecture search via parameter sharing" (ICML 2018), here
// relative to the prior: bonus * KL(q || prior) is taken off. Rewards are in units of the objective's spread.
class Reinforce : public Variational {
 public:
  static constexpr About about{"org.nascent.sampler.reinforce", "reinforce", "1.0.0",
                               "Policy gradient (REINFORCE) on a policy that draws configurations"};
  static constexpr std::array options{
      option("family", "factorised: parameters independent; autoregressive: each depends on those before it")
          .one_of(kForms)
          .otherwise("autoregressive"),
      option("entropy", "weight of the policy's entropy relative to the prior, beside the objective in units of its spread")
          .real(0, 100)
          .otherwise(0.05),
      option("rate", "length of a natural-gradient step").real(1e-6, 1).otherwise(0.2),
      option("initial", "trials from the prior before the first update").integer(2, 100000).otherwise(20),
      option("batch", "trials between two updates").integer(1, 100000).otherwise(10),
      option("window", "newest trials that an update uses").integer(2, 1000000).otherwise(1000),
      option("epochs", "steps of one update").integer(1, 1000).otherwise(5)};

  Reinforce(const VariationalSettings& settings, const SamplerSetup& setup) : Variational(settings, setup) {}
  Reinforce(const Options& given, const SamplerSetup& setup);
};

}  // namespace nascent::vi
