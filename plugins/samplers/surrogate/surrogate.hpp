// Predictor-guided search with a random forest. Sources: White, Neiswanger, Savani, "BANANAS" (AAAI 2021,
// arXiv:1910.11858); Hutter, Hoos, Leyton-Brown, "Sequential Model-Based Optimization for General Algorithm
// Configuration" (LION 2011).
#pragma once

#include <array>
#include <optional>

#include "nascent/sampler.hpp"
#include "shared/known.hpp"
#include "surrogate/encoder.hpp"
#include "surrogate/evidence.hpp"
#include "surrogate/model.hpp"
#include "surrogate/settings.hpp"

namespace nascent::surrogate {

// Draws the first trials from the prior; then predicts results by forests that learn from what was told, and proposes
// what is worth most by the prediction. Equal history, pending trials and trial number give the equal proposal.
class Surrogate : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.surrogate", "surrogate", "1.0.0",
                               "Random forest that predicts results, and local search on its prediction"};
  static constexpr std::array acquisitions = names("expected_improvement", "thompson", "both");
  static constexpr std::array options{
      option("initial", "trials drawn from the prior before the first prediction").integer(1, 1000000).otherwise(10),
      option("trees", "trees of a forest").integer(2, 1000).otherwise(30),
      option("acquisition", "how a prediction is turned into worth; both: by turns")
          .one_of(acquisitions)
          .otherwise("both"),
      option("random_share", "share of trials that stay draws from the prior").real(0, 1).otherwise(0.05),
      option("candidates", "prior draws and mutants scored per proposal, before the local search")
          .integer(2, 100000)
          .otherwise(200),
      option("graph", "learn also from size, depth, paths and operators of the architecture").flag().otherwise(false)};

  Surrogate(const Settings& settings, const SamplerSetup& setup);
  Surrogate(const Options& given, const SamplerSetup& setup);
  // The evidence refers to the encoder.
  Surrogate(const Surrogate&) = delete;
  Surrogate& operator=(const Surrogate&) = delete;

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 private:
  // Of the first `length` trials told, of which at least one completed.
  const Model& model(std::size_t length);

  SpaceView space_;
  std::uint64_t seed_;
  Settings settings_;
  Encoder encoder_;
  Evidence evidence_;
  samplers::Known known_;
  std::optional<Model> model_;
  std::size_t modelled_ = 0;
};

}  // namespace nascent::surrogate
