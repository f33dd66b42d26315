// The median stopping rule. Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (KDD 2017),
// section 3.2.
#pragma once

#include <array>

#include "nascent/scheduler.hpp"

namespace nascent::median {

// Stops a trial at budget s when its best value so far is strictly worse than the median, over all completed trials, of
// their running averages up to s. With several objectives a trial stops only when that holds in each of them.
class Median : public Scheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.median", "median", "1.0.0",
                               "Stops trials that are worse than the median of the completed ones (Vizier)"};
  static constexpr std::array options{
      option("warmup_reports", "reports of a trial before which it is never stopped").integer(0, 1000000).otherwise(1),
      option("trials_min", "completed trials needed before any trial is stopped").integer(1, 1000000).otherwise(5)};

  explicit Median(const Options& given);

  Verdict decide(const Observations& history, const Observations& trial) override;

 private:
  std::size_t warmup_reports_, trials_min_;
};

}  // namespace nascent::median
