// Which trials the study's acceptance rule takes: a pure function of the trials in order and the seed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "nascent/core/config.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core::search {

class AcceptanceJudge {
 public:
  // `objective`: the first one; the rules but pareto look at no other.
  AcceptanceJudge(const Acceptance& acceptance, const Objective& objective, std::uint64_t seed);

  // Is the trial accepted? Ask once per trial, in order, only for completed trials that break no constraint: no other
  // trial is ever accepted.
  bool judge(TrialId trial, std::span<const double> losses);

 private:
  AcceptanceRule rule_;
  double threshold_loss_;
  double temperature_;
  std::uint64_t seed_;
  std::optional<double> current_;  // loss of the last accepted trial
  ParetoFront front_;
};

}  // namespace nascent::core::search
