// Synchronous successive halving. Source: Jamieson, Talwalkar, "Non-stochastic Best Arm Identification and
// Hyperparameter Optimization" (AISTATS 2016).
#pragma once

#include <array>

#include "shared/brackets.hpp"

namespace nascent::successive_halving {

// Trials 0 to n - 1 are the first bracket, the next n the second. A bracket trains to its first rung, pauses, and the
// best one in eta go on to the next, when all have come; and so on to the full budget.
class SuccessiveHalving : public Scheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.successive-halving", "successive-halving", "1.0.0",
                               "Brackets of trials that are cut to the best one in eta at each rung"};
  static constexpr std::array options{
      schedulers::eta_option, schedulers::budget_min_option,
      option("trials", "trials of a bracket; eta^(number of rungs) when absent, so that one gets the full budget")
          .integer(2, 1000000)};

  SuccessiveHalving(const Options& given, const SchedulerSetup& setup);

  Verdict decide(const Observations& history, const Observations& trial) override;
  std::vector<Promotion> poll(const Observations& history) override;
  std::vector<std::uint64_t> give_up(const Observations& history) override;

 private:
  schedulers::Brackets brackets_;
};

}  // namespace nascent::successive_halving
