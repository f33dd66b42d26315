// Stops trials that are not among the best so many per cent: the median stopping rule of Golovin et al., "Google
// Vizier" (KDD 2017), section 3.2, with another share than a half and best values for averages.
#pragma once

#include <array>

#include "nascent/scheduler.hpp"

namespace nascent::percentile {

// Stops a trial at budget s when more than `percentile` per cent of the completed trials are better by their best
// values up to s. With several objectives better is who lies on an earlier Pareto layer of the best values.
class Percentile : public Scheduler {
 public:
  static constexpr About about{"org.nascent.scheduler.percentile", "percentile", "1.0.0",
                               "Stops trials that are not among the best so many per cent of the completed ones"};
  static constexpr std::array options{
      option("percentile", "a trial goes on while no more than so many per cent of the completed are better")
          .real(0, 100)
          .otherwise(50.0),
      option("warmup_reports", "reports of a trial before which it is never stopped").integer(0, 1000000).otherwise(1),
      option("trials_min", "completed trials needed before any trial is stopped").integer(1, 1000000).otherwise(5)};

  explicit Percentile(const Options& given);

  Verdict decide(const Observations& history, const Observations& trial) override;

 private:
  double share_;
  std::size_t warmup_reports_, trials_min_;
};

}  // namespace nascent::percentile
