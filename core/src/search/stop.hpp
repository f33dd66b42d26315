// When a search ends: the first condition of [stop] that holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nascent/core/config.hpp"

namespace nascent::core::search {

// Watches finished trials in the order in which the sampler is told of them.
class StopRule {
 public:
  StopRule(const StopConditions& conditions, const Objective& objective)
      : conditions_(conditions), objective_(objective) {}

  struct Outcome {
    bool accepted = false;
    double cost_seconds = 0;
    std::optional<double> loss;  // of the first objective; empty unless completed without breaking a constraint
    bool is_new = true;          // neither took the result of an earlier trial nor had no architecture
  };
  void observe(const Outcome& outcome);
  // Training of a trial that has paused.
  void spend(double seconds) { train_seconds_ += seconds; }

  // May one more trial be asked for, `asked` having been so far? Keeps the number of trials exact while many run.
  [[nodiscard]] bool allows(std::uint64_t asked) const { return !conditions_.trials || asked < *conditions_.trials; }

  // A search without a limit on trials ends when so many in a row trained nothing: they cost no time, and no other
  // condition need ever hold.
  static constexpr std::uint64_t kIdleTrialsMax = 10'000;

  // Why the search ends: "trials=100", "target=0.93 val_accuracy=0.931", ..., "nothing_new=10000"; empty while it goes
  // on.
  // `wall_seconds`: since the start of the study, all its runs together, pauses between them left out.
  [[nodiscard]] std::string reached(double wall_seconds) const;

 private:
  StopConditions conditions_;
  Objective objective_;
  std::uint64_t finished_ = 0, since_accepted_ = 0, idle_ = 0;
  double train_seconds_ = 0;
  std::optional<double> best_loss_;
};

}  // namespace nascent::core::search
