// Early stopping: a trial that has stopped improving ends. Source: Goodfellow, Bengio, Courville, "Deep Learning" (MIT
// Press 2016), algorithm 7.1.
#pragma once

#include <array>

#include "nascent/scheduler.hpp"

namespace nascent::patience {

// Stops a trial after `patience` reports in a row in none of which any objective came below its best by more than
// `min_delta`; but not while it leads, because a stopped trial cannot be the best of a study: some completed trial has
// to be as good as its best in every objective.
class Patience : public Scheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.patience", "patience", "1.0.0",
                               "Stops trials that have not improved for a number of reports"};
  static constexpr std::array options{
      option("patience", "reports without an improvement after which a trial ends").integer(1, 1000000).otherwise(10),
      option("min_delta", "what a value has to gain on the best so far to count as an improvement")
          .real(0)
          .otherwise(0.0)};

  explicit Patience(const Options& given);

  Verdict decide(const Observations& history, const Observations& trial) override;

 private:
  std::size_t patience_;
  double min_delta_;
};

}  // namespace nascent::patience
