// Regularised (aging) evolution. Source: Real, Aggarwal, Huang, Le, "Regularized Evolution for Image Classifier
// Architecture Search" (AAAI 2019, arXiv:1802.01548), Algorithm 1.
#pragma once

#include <array>

#include "nascent/sampler.hpp"
#include "population.hpp"
#include "shared/mutation.hpp"
#include "shared/unseen.hpp"

namespace nascent::evolution {

// Draws the first `population` trials from the prior; then every trial is a mutated copy of the winner of a tournament
// among the newest `population` completed trials. Members are trials with values at their full budget: failed, invalid
// and pruned trials neither parent nor displace anybody. Equal history, pending trials and trial number give the equal
// proposal.
class Evolution : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.evolution", "evolution", "1.0.0",
                               "Regularised (aging) evolution with tournaments and mutation"};
  static constexpr std::array options{
      option("population", "number of newest completed trials that may become parents").integer(2, 10000).otherwise(25),
      option("tournament", "members drawn at random, the fittest of which becomes the parent")
          .integer(1, 10000)
          .otherwise(8),
      option("mutations", "most parameters changed at once; their number is uniform from 1")
          .integer(1, 1000)
          .otherwise(1),
      option("sigma", "standard deviation of a number's change, as a share of its range")
          .real(1e-6, 10)
          .otherwise(0.2)};

  Evolution(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 private:
  // Member with the best fitness among `tournament_` random ones, drawn with replacement as in the paper.
  [[nodiscard]] std::size_t winner(Rng& rng) const;

  SpaceView space_;
  std::uint64_t seed_;
  std::size_t capacity_, tournament_;
  samplers::MutationSettings mutation_;
  Population population_;
  samplers::Known known_;
};

}  // namespace nascent::evolution
