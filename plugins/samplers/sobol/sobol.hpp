// Quasi-Monte Carlo search: a scrambled Sobol' sequence mapped through the prior.
#pragma once

#include <array>

#include "direction_numbers.hpp"
#include "nascent/sampler.hpp"
#include "shared/unseen.hpp"

namespace nascent::sobol {

// Nested uniform scrambling (Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995) of one coordinate: digit
// k is flipped by a coin that belongs to the digits before it; digits behind the 32nd are uniform. Returns a number in
// [0, 1). The coins are hashes of `key`, as in Burley, "Practical Hash-based Owen Scrambling" (JCGT 9, 2020).
double scramble(std::uint32_t digits, std::uint64_t key);

// Trial n is point n of the sequence, every parameter a dimension, each coordinate taken through its parameter's prior
// quantile. Nothing depends on results; only a configuration that was tried already, as happens in small spaces, is
// replaced by the nearest new one.
class Sobol : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.sobol", "sobol", "1.0.0",
                               "Scrambled Sobol' sequence through the prior (quasi-Monte Carlo)"};
  struct Settings {};

  Sobol(const Settings& settings, const SamplerSetup& setup);
  Sobol(const Options&, const SamplerSetup& setup) : Sobol(Settings(), setup) {}

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override { known_.add(observation.at()); }

 private:
  SpaceView space_;
  std::uint64_t seed_;
  std::vector<Directions> directions_;  // one per parameter
  samplers::Known known_;
};

}  // namespace nascent::sobol
