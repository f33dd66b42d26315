// Population-based training. Source: Jaderberg, Dalibard, Osindero, Czarnecki, Donahue, Razavi, Vinyals, Green, Dunning,
// Simonyan, Fernando, Kavukcuoglu, "Population Based Training of Neural Networks" (arXiv:1711.09846, 2017), section 3,
// with truncation selection, and perturbation or resampling, of section 4.1.1.
#pragma once

#include <array>
#include <vector>

#include "generations.hpp"
#include "nascent/scheduler.hpp"

namespace nascent::pbt {

// A population of trials trains together. All pause at each multiple of `interval`; there the worst end, and children of the
// best take their places: they go on from their parent's checkpoint, with changed options. So options follow a schedule that
// is found while training.
class Pbt : public PopulationScheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.pbt", "pbt", "1.0.0",
                               "Population-based training: the worst go on from the best, with changed options"};
  static constexpr std::array options{
      option("population", "trials that train together; their children are counted besides").integer(2, 100000).otherwise(20),
      option("interval", "budget between two generations; a tenth of the full budget when absent").real(1e-9),
      option("quantile", "share that ends in a generation, and share of the best that may be parents").real(0.01, 0.5).otherwise(0.2),
      option("perturb", "a number is multiplied by 1 - perturb or 1 + perturb").real(0.001, 0.999).otherwise(0.2),
      option("resample", "probability that an option is drawn anew instead").real(0, 1).otherwise(0.25)};

  Pbt(const Options& given, const SchedulerSetup& setup);

  Verdict decide(const Observations& history, const Observations& trial) override;
  std::vector<Promotion> poll(const Observations& history) override;
  std::vector<std::uint64_t> give_up(const Observations& history) override;
  std::vector<std::uint64_t> fork(const Observations& history) override;
  std::uint64_t admits(const Observations& history, std::uint64_t n_begun) override;
  void explore(std::uint64_t trial_id, Row row) override;

 private:
  Rules rules_;
  std::size_t n_architecture_params_;
  double perturb_, resample_;
};

}  // namespace nascent::pbt
