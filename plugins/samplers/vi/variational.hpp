// The search that fits a distribution over configurations to the trials it sends out.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "family.hpp"
#include "nascent/sampler.hpp"
#include "shared/utility.hpp"

namespace nascent::vi {

enum class Form { factorised, autoregressive };

struct VariationalSettings {
  Form form = Form::factorised;
  double temperature = 0.5;  // of the reward -loss / temperature, in `unit`s of the objective
  samplers::TemperatureUnit unit = samplers::TemperatureUnit::spread;
  double divergence = 1;     // weight of KL(q || prior)
  double rate = 0.2;         // of a natural-gradient step
  std::size_t initial = 20;  // trials from the prior before the first step
  std::size_t batch = 10;    // trials between updates
  std::size_t window = 1000; // newest trials that an update uses
  std::size_t epochs = 5;    // steps of an update
};

// Maximises E_q[reward] - divergence * KL(q || prior) over a family of distributions q, from which every trial is drawn.
//
// The score function's reward of a trial is -loss / temperature - divergence * log q(x) / prior(x). Where the family holds
// the target, that is the same for every x at the optimum: the gradient's noise vanishes there.
//
// After every `batch` trials the newest `window` are used again, each weighted by q now / q when it was drawn, no weight
// above sqrt(window) times the mean (Ionides, "Truncated importance sampling", JCGS 17, 2008). Under which member of the
// family a told trial was drawn is found by drawing it again from the newest ones, by its number: nothing is remembered of
// an ask. What none of them gives is somebody else's and counts as drawn from the prior. Rewards more than 10 below the
// median count as 10 below, trials without usable losses as the worst of the window.
class Variational : public Sampler {
 public:
  Variational(const VariationalSettings& settings, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 protected:
  // The fitted distribution as draws, with what tells how well it fits. draws_max of them, once something was learnt.
  [[nodiscard]] Posterior draws(std::size_t draws_max) const;

 private:
  struct Trial {
    Code code;
    std::optional<std::vector<double>> losses;
    double log_ratio = 0;  // log of the density it was drawn with, relative to the prior
  };
  struct Fit {
    double n_effective = 0;  // of the window's trials as draws from the target
    double overlap = 0;      // share of draws from q that count as draws from the target
    double divergence = 0;   // KL(q || prior)
  };
  // log density of the family member that gave this row to this trial; 0 for a row of somebody else.
  [[nodiscard]] double drawn_with(std::uint64_t trial, ConstRow row, const Code& code) const;
  // [window] rewards without the divergence.
  [[nodiscard]] std::vector<double> rewards() const;
  // [window] q / density drawn with, truncated; `log_ratios` [window] of q.
  [[nodiscard]] std::vector<double> weights(const std::vector<double>& log_ratios) const;
  [[nodiscard]] std::vector<double> log_ratios() const;
  [[nodiscard]] bool anything_usable() const;
  void update();
  [[nodiscard]] Fit fit() const;
  void report() const;

  VariationalSettings settings_;
  Host host_;
  std::uint64_t seed_;
  Encoding encoding_;
  samplers::Utility utility_;
  std::deque<std::unique_ptr<Family>> members_;  // the newest first, enough for the trials in flight
  std::size_t members_max_;
  std::deque<Trial> window_;
  std::uint64_t told_ = 0, updates_ = 0;
};

}  // namespace nascent::vi
