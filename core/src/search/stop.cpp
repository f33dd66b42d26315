#include "stop.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nascent/core/ranking.hpp"

namespace nascent::core::search {

void StopRule::observe(const Outcome& outcome) {
  ++finished_;
  since_accepted_ = outcome.accepted ? 0 : since_accepted_ + 1;
  train_seconds_ += outcome.cost_seconds;
  idle_ = outcome.is_new ? 0 : idle_ + 1;
  if (outcome.loss) best_loss_ = best_loss_ ? std::min(*best_loss_, *outcome.loss) : *outcome.loss;
}

std::string StopRule::reached(double wall_seconds) const {
  const StopConditions& c = conditions_;
  if (c.target && best_loss_ && *best_loss_ <= loss_of(objective_, *c.target)) {
    return fmt::format("target={:g} {}={:.6g}", *c.target, objective_.metric, loss_of(objective_, *best_loss_));
  }
  if (c.trials && finished_ >= *c.trials) return fmt::format("trials={}", *c.trials);
  if (c.no_improvement && since_accepted_ >= *c.no_improvement) {
    return fmt::format("no_improvement={}", *c.no_improvement);
  }
  if (c.train_seconds && train_seconds_ >= *c.train_seconds) {
    return fmt::format("train_seconds={:g}", *c.train_seconds);
  }
  if (c.wall_seconds && wall_seconds >= *c.wall_seconds) return fmt::format("wall_time={:g}s", *c.wall_seconds);
  if (!c.trials && idle_ >= kIdleTrialsMax) return fmt::format("nothing_new={}", kIdleTrialsMax);
  return {};
}

}  // namespace nascent::core::search
