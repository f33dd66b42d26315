// Bayesian optimisation with Gaussian processes. Source: Snoek, Larochelle, Adams, "Practical Bayesian Optimization of
// Machine Learning Algorithms" (NeurIPS 2012, arXiv:1206.2944); the parts name theirs.
#pragma once

#include <array>

#include "gp/encoder.hpp"
#include "gp/history.hpp"
#include "gp/model.hpp"
#include "gp/settings.hpp"
#include "nascent/sampler.hpp"
#include "shared/known.hpp"

namespace nascent::gp {

// Draws the first trials from the prior; then predicts results by Gaussian processes conditioned on what was told, and
// proposes what is worth most by the prediction. Equal history, pending trials and trial number give the equal
// proposal.
class GaussianProcessSearch : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.gp", "gp", "1.0.0",
                               "Gaussian processes over mixed and conditional spaces that predict results"};
  static constexpr std::array acquisitions = names("log_ei", "noisy_ei", "ucb", "thompson");
  static constexpr std::array hyperparameters = names("map", "slice");
  static constexpr std::array options{
      option("initial", "trials drawn from the prior before the first prediction").integer(1, 1000000).otherwise(10),
      option("acquisition", "how a prediction is turned into worth").one_of(acquisitions).otherwise("log_ei"),
      option("kappa", "posterior deviations that acquisition ucb hopes for").real(0, 100).otherwise(2.0),
      option("hyperparameters",
             "most probable ones, or mean over draws by slice sampling, which costs several times as much")
          .one_of(hyperparameters)
          .otherwise("map"),
      option("random_share", "share of trials that stay draws from the prior").real(0, 1).otherwise(0.05),
      option("candidates", "prior draws and mutants scored per proposal, before the local search")
          .integer(2, 100000)
          .otherwise(150),
      option("history", "trials that a process is conditioned on: best, newest and random ones")
          .integer(20, 5000)
          .otherwise(500),
      option("graph", "compare also the architectures, by their subtrees").flag().otherwise(false),
      option("depth", "height of the subtrees that are compared").integer(0, 10).otherwise(2)};

  GaussianProcessSearch(const Settings& settings, const SamplerSetup& setup);
  GaussianProcessSearch(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 private:
  // Of all that was told: conditioned on the trials of the last re-selection and those since, with hyper-parameters of
  // the former alone.
  std::span<const Model> models();

  SpaceView space_;
  std::uint64_t seed_;
  std::size_t n_objectives_, n_constraints_;
  Settings settings_;
  Encoder encoder_;
  History history_;
  samplers::Known known_;
  ToldList trials_;                                  // selected, then those told since
  std::size_t n_selected_ = 0;                       // of `trials_`
  std::uint64_t selected_at_ = 0, select_next_ = 1;  // told trials
  bool any_completed_ = false;                       // among `trials_`
  std::vector<Model> models_;                        // empty when they are of an earlier selection
  std::uint64_t learnt_ = 0;                         // told trials that `models_` know
};

}  // namespace nascent::gp
