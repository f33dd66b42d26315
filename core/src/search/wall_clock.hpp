// How long a study has run, over all its runs, without the pauses between them.
#pragma once

#include <functional>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"

namespace nascent::core::search {

// Runs are events of the study: "run_started", "run_ended" {"wall_seconds": s}. One that was killed has no end and counts
// up to the last row it stored; the next run notes that as "run_killed" {"wall_seconds": s}, for all that it is the first to
// find killed.
class WallClock {
 public:
  // `now`: seconds since any moment; empty: real time.
  explicit WallClock(std::function<double()> now = {});
  [[nodiscard]] bool is_real() const { return real_; }
  // Notes the start of a run; reads how long earlier ones took.
  Result<void> start(Store& store, StudyId study);
  Result<void> end(Store& store, StudyId study);
  [[nodiscard]] double seconds() const;

 private:
  bool real_;
  std::function<double()> now_;
  double earlier_ = 0, started_;
};

}  // namespace nascent::core::search
