// Tree-structured Parzen Estimator. Sources: Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (NeurIPS
// 2011); Watanabe, "Tree-Structured Parzen Estimator" (arXiv:2304.11127); several objectives: Ozaki et al.,
// "Multiobjective Tree-Structured Parzen Estimator" (JAIR 73, 2022).
#pragma once

#include <array>

#include "history.hpp"
#include "nascent/sampler.hpp"
#include "pending.hpp"
#include "shared/learning.hpp"
#include "shared/unseen.hpp"

namespace nascent::tpe {

// Which parameters share one density: all, those active under the same conditions, none.
enum class Estimate : std::uint8_t { joint, grouped, univariate };

// What trials below the full budget are worth, in studies with a scheduler (shared/learning.hpp): what they are foreseen to end
// with, or their values at the largest budget that enough have come to.
enum class Fidelity : std::uint8_t { foreseen, largest };

struct Settings {
  Estimate estimate = Estimate::joint;
  std::size_t initial = 10;     // trials from the prior before the first estimate
  std::size_t candidates = 24;  // draws from the density of the good trials, the best of which is proposed
  Split split;
  double prior_weight = 1;  // of the prior in both densities, in trials
  Fidelity fidelity = Fidelity::foreseen;
};

// Draws the first `initial` trials from the prior. From then on it splits the told trials into good and bad ones,
// estimates the density of either group, and proposes, of `candidates` draws from the good one's, that with the largest
// ratio of the two. Trials that failed, and those still pending, count as bad. Equal history, pending trials and trial
// number give the equal proposal.
class Tpe : public Sampler {
 public:
  static constexpr About about{
      "org.nascent.sampler.tpe", "tpe", "1.0.0",
      "Tree-structured Parzen estimator: draws where good trials are dense and bad ones are not"};
  static constexpr auto estimates = names("joint", "grouped", "univariate");
  static constexpr auto fidelities = names("foreseen", "largest");
  static constexpr std::array options{
      option("estimate",
             "parameters that share one density: all (joint), those active under the same conditions (grouped), none "
             "(univariate)")
          .one_of(estimates)
          .otherwise("joint"),
      option("initial", "trials from the prior before the first estimate").integer(1, 100000).otherwise(10),
      option("candidates", "draws from the density of the good trials, the best of which is proposed")
          .integer(1, 10000)
          .otherwise(24),
      option("good_share", "share of the trials with values that is good").real(1e-6, 1).otherwise(0.1),
      option("good_max", "good trials at most").integer(1, 1000).otherwise(25),
      option("bad_max", "bad trials at most; the newest count").integer(1, 10000).otherwise(500),
      option("prior_weight", "weight of the prior in both densities, in trials").real(1e-6, 1e6).otherwise(1),
      option("fidelity",
             "with a scheduler: judge trials by what they are foreseen to end with, or at the largest budget that enough "
             "have come to")
          .one_of(fidelities)
          .otherwise("foreseen")};

  Tpe(const Settings& settings, const SamplerSetup& setup);
  Tpe(const Options& given, const SamplerSetup& setup);
  Tpe(const Tpe&) = delete;  // axes_ look at scale_
  Tpe& operator=(const Tpe&) = delete;

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;
  void tell_report(const Observation& report) override;

 private:
  // The two densities of a block of parameters.
  struct Densities {
    std::span<const std::size_t> block;
    Mixture good, bad;
  };
  void estimate();
  // Fills the block's part of `row`, whose earlier blocks are filled.
  void propose(const Densities& of, const samplers::Taken& taken, Rng& rng, Row row) const;
  [[nodiscard]] Coordinates coordinates(ConstRow row) const;
  // The history as the learning curves have it.
  void judge_curves();

  SpaceView space_;
  std::uint64_t seed_;
  bool with_scheduler_;
  Settings settings_;
  samplers::PriorScale scale_;
  std::vector<Axis> axes_;  // [n_params]
  std::vector<std::vector<std::size_t>>
      blocks_;  // of parameters, each in order of declaration; in order of their first
  History history_;
  samplers::Learning curves_;
  bool judged_ = true;  // history_ knows what curves_ knows
  std::uint64_t told_ = 0;
  samplers::Known known_;
  Pending pending_;
  std::vector<Densities> densities_;  // [blocks]
  bool estimated_ = false;            // densities_ know what history_ and pending_ know
};

}  // namespace nascent::tpe
