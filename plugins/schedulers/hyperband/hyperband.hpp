// Hyperband. Source: Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, "Hyperband: A Novel Bandit-Based Approach to
// Hyperparameter Optimization" (JMLR 18, 2018), algorithm 1.
#pragma once

#include <array>
#include <vector>

#include "shared/brackets.hpp"

namespace nascent::hyperband {

// The brackets s = s_max, ..., 1, 0 of one round: ceil((s_max + 1) / (s + 1) * eta^s) trials that start with the full
// budget / eta^s; s_max rungs fit between `budget_min` and the full budget.
std::vector<schedulers::Bracket> round_of(const Options& given, const nas_budget& full);

// Brackets of successive halving from many trials with little budget each to few with all of it, round after round.
class Hyperband : public Scheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.hyperband", "hyperband", "1.0.0",
                               "Brackets of successive halving, from many short trials to few long ones"};
  static constexpr std::array options{schedulers::eta_option, schedulers::budget_min_option};

  Hyperband(const Options& given, const SchedulerSetup& setup);

  Verdict decide(const Observations& history, const Observations& trial) override;
  std::vector<Promotion> poll(const Observations& history) override;
  std::vector<std::uint64_t> give_up(const Observations& history) override;

 private:
  schedulers::Brackets brackets_;
};

}  // namespace nascent::hyperband
