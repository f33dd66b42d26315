// Stops trials whose learning curves, extrapolated, will hardly beat what is there. Source: Domhan, Springenberg,
// Hutter, "Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks by Extrapolation of Learning
// Curves" (IJCAI 2015), section 3.3.
#pragma once

#include <array>

#include "nascent/scheduler.hpp"

namespace nascent::curve {

// Stops a trial when it will end no better than some completed trial with a probability of at least 1 - `threshold`.
// With several objectives, each extrapolated by itself: when some completed trial will be better in all of them so
// surely.
class CurveRule : public Scheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.curve", "curve", "1.0.0",
                               "Stops trials whose extrapolated learning curve will hardly beat the best"};
  static constexpr std::array options{
      option("threshold", "chance of ending better than the best below which a trial is stopped")
          .real(0, 1)
          .otherwise(0.05),
      option("reports_min", "reports of a trial needed before it is extrapolated").integer(2, 1000000).otherwise(5),
      option("trials_min", "completed trials needed before any trial is stopped").integer(1, 1000000).otherwise(5)};

  CurveRule(const Options& given, const SchedulerSetup& setup);

  Verdict decide(const Observations& history, const Observations& trial) override;

 private:
  double threshold_, full_;
  std::size_t reports_min_, trials_min_;
};

}  // namespace nascent::curve
