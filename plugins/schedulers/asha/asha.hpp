// Asynchronous successive halving. Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys
// 2020), algorithm 2.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "shared/rungs.hpp"

namespace nascent::asha {

// A trial goes on past a rung when it is among the best floor(n / eta) of the n trials that came there so far. Form
// "promotion": who is not, pauses, and is promoted when others that come later let it in. Form "stopping": who is not,
// stops for good; there the best of a rung always goes on.
class Asha : public Scheduler {
 public:
  static constexpr auto forms = names("promotion", "stopping");
  static constexpr About about{"org.nascent.scheduler.asha", "asha", "1.0.0",
                               "Asynchronous successive halving: the best of each rung go on, without waiting"};
  static constexpr std::array options{
      schedulers::eta_option, schedulers::budget_min_option,
      option("form", "whether who is not among the best pauses and may be promoted, or stops")
          .one_of(forms)
          .otherwise("stopping")};

  Asha(const Options& given, const SchedulerSetup& setup);

  Verdict decide(const Observations& history, const Observations& trial) override;
  std::vector<Promotion> poll(const Observations& history) override;

 private:
  // Does the trial count at the rung? One that failed on the way to it is the worst there.
  [[nodiscard]] bool competes(const schedulers::Curve& trial, std::size_t rung) const;
  // How many of n may go on past a rung.
  [[nodiscard]] std::size_t places(std::size_t n) const;
  // Those of `trials` that may go on past a rung, best first.
  [[nodiscard]] std::vector<schedulers::Curve> leaders(const std::vector<schedulers::Curve>& trials, std::size_t rung) const;
  [[nodiscard]] bool leads(const schedulers::Curve& own, const Observations& history, std::size_t rung) const;

  double eta_;
  schedulers::Rungs rungs_;
  bool pauses_;
};

}  // namespace nascent::asha
