// Metropolis-Hastings chains with replica exchange over configurations; the target is prior x exp(utility / temperature).
#pragma once

#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

#include "convergence.hpp"
#include "moves.hpp"
#include "nascent/sampler.hpp"
#include "shared/utility.hpp"
#include "walker.hpp"

namespace nascent::mcmc {

struct Settings {
  double temperature = 0.5;  // of the target, in `unit`s of the objective
  samplers::TemperatureUnit unit = samplers::TemperatureUnit::spread;
  std::size_t chains = 2;    // that draw from the target, at least
  std::size_t rungs = 2;     // temperatures a chain exchanges along; the first is `temperature`
  double ladder = 2;         // temperature of a rung / that of the one below
  std::size_t initial = 5;   // first steps of each chain, drawn from the prior
  std::size_t burn_in = 30;  // steps of each chain before its draws count; step sizes are tuned until then
};

// Trial n is a step of walker n mod W. There are more walkers than trials in flight, so that a walker's last step is
// known when its next one is asked for, and also the swap behind it: with rungs a group of `rungs` walkers in a row
// exchanges states, each pair when the hotter one has stepped.
//
// Nothing is remembered of an ask. What is told of trial n is compared with what the walker would have proposed, which
// follows from its state and n: if they are equal, the step is accepted or rejected. If not, somebody else chose the
// configuration, and the walker stays where it is, unless its own proposal is known from another trial. Trials without
// usable losses - failed, invalid, pruned, infeasible - have weight 0 in the target: they are rejected.
class Mcmc : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.mcmc", "mcmc", "1.0.0",
                               "Metropolis-Hastings chains with replica exchange; draws from the posterior of good configurations"};
  static constexpr std::array units{str("spread"), str("absolute")};
  static constexpr std::array options{
      option("temperature", "of the target prior x exp(-objective / temperature); lower values look closer at the best")
          .real(1e-6, 1e6)
          .otherwise(0.5),
      option("temperature_unit", "spread: of the objective over the first trials; absolute: the objective's own unit")
          .one_of(units)
          .otherwise("spread"),
      option("chains", "chains that draw from the target; more where as many trials run at once").integer(1, 1000).otherwise(2),
      option("rungs", "temperatures along which a chain exchanges states, the hotter ones to leave local optima")
          .integer(1, 100)
          .otherwise(2),
      option("ladder", "ratio of the temperatures of neighbouring rungs").real(1.01, 1000).otherwise(2.0),
      option("initial", "first steps of each chain, drawn from the prior").integer(1, 100000).otherwise(5),
      option("burn_in", "steps of each chain during which step sizes are tuned and draws do not count")
          .integer(1, 1000000)
          .otherwise(30)};

  Mcmc(const Settings& settings, const SamplerSetup& setup);
  Mcmc(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;
  [[nodiscard]] Posterior posterior(std::size_t draws_max) const;

  [[nodiscard]] std::size_t n_walkers() const { return walkers_.size(); }

 private:
  // A configuration that a walker stood on.
  struct Sample {
    Point point;
    std::vector<double> losses;
  };
  using Losses = std::optional<std::vector<double>>;  // empty: no weight in the target

  [[nodiscard]] std::size_t walker_of(std::uint64_t trial) const { return trial % walkers_.size(); }
  [[nodiscard]] std::uint64_t round_of(std::uint64_t trial) const { return trial / walkers_.size(); }
  [[nodiscard]] std::size_t rung_of(std::size_t walker) const { return walker % settings_.rungs; }
  // Of the target's logarithm at a rung.
  [[nodiscard]] double inverse_temperature(std::size_t walker) const;
  // What a walker proposes for a trial of its own.
  Proposal propose(const Walker& walker, std::uint64_t trial, Row row) const;
  [[nodiscard]] SampleIndex keep(ConstRow row, std::vector<double> losses);
  // Is `told` what was proposed, up to the last bits, in which two machines may differ?
  [[nodiscard]] bool same(ConstRow proposed, ConstRow told) const;

  void step(std::size_t walker, const Observation& observation, const Losses& losses);
  void decide(std::size_t walker, std::uint64_t trial, const Proposal& proposal, ConstRow row, const Losses& losses);
  void exchange(std::size_t hot, std::uint64_t trial);

  struct Diagnosis {
    Convergence utility, worst;  // worst: of the utility and of every parameter
    Rate moves, swaps;           // moves of the chains that draw from the target
    std::size_t draws = 0;
  };
  [[nodiscard]] Diagnosis diagnose() const;
  [[nodiscard]] std::vector<std::vector<SampleIndex>> target_paths() const;
  [[nodiscard]] Chains parameter_chains(const std::vector<std::vector<SampleIndex>>& paths, std::size_t i) const;
  void report() const;

  Settings settings_;
  Host host_;
  std::uint64_t seed_;
  Moves moves_;
  samplers::Utility utility_;
  std::vector<Walker> walkers_;
  std::vector<Sample> samples_;
  std::unordered_map<std::uint64_t, Losses> known_;  // by hash of the configuration
  std::uint64_t told_ = 0;
};

}  // namespace nascent::mcmc
