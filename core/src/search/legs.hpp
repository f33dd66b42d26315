// The order in which a search hands out work, where a scheduler pauses trials and lets the best of them go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "history.hpp"

namespace nascent::core::search {

// Number of a leg, from 0 in the order in which they are handed out.
using Leg = std::size_t;
inline constexpr Leg kNoLeg = ~Leg{0};

// A leg is one stretch of a trial's training: from its beginning, or from its promotion, to its pause or its end. Without
// promotions leg n is the trial at position n. In a deterministic study a leg is decided on by what the legs up to
// n - parallel brought, in order of leg; where they leave nothing to do, an idle leg passes, so that the last ones come
// into sight.
class Legs {
 public:
  explicit Legs(std::uint64_t parallel) : parallel_(parallel) {}

  [[nodiscard]] Leg size() const { return trial_.size(); }
  // Every leg is the first of its trial, and none is idle.
  [[nodiscard]] bool are_trials() const { return are_trials_; }
  // Legs before it are seen by `leg`.
  [[nodiscard]] Leg seen_by(Leg leg) const { return leg >= parallel_ ? leg - parallel_ + 1 : 0; }
  [[nodiscard]] bool is_idle(Leg leg) const { return trial_[leg] == kIdle; }
  // Not of an idle one.
  [[nodiscard]] Position trial(Leg leg) const { return trial_[leg]; }
  // The same trial's next leg.
  [[nodiscard]] Leg next(Leg leg) const { return next_[leg]; }
  // The trial's newest leg.
  [[nodiscard]] Leg latest(Position trial) const { return latest_[trial]; }
  // The newest leg that is not idle, or kNoLeg.
  [[nodiscard]] Leg last_at_work() const { return last_at_work_; }

  void add(Position trial) {
    const Leg leg = append(trial);
    if (trial < latest_.size()) {
      are_trials_ = false;
      next_[latest_[trial]] = leg;
      latest_[trial] = leg;
    } else {
      latest_.push_back(leg);  // positions come in order
    }
    last_at_work_ = leg;
  }
  void add_idle() {
    are_trials_ = false;
    append(kIdle);
  }

 private:
  static constexpr Position kIdle = ~Position{0};

  Leg append(Position trial) {
    trial_.push_back(trial);
    next_.push_back(kNoLeg);
    return trial_.size() - 1;
  }

  std::uint64_t parallel_;
  std::vector<Position> trial_;  // [legs]
  std::vector<Leg> next_;        // [legs]
  std::vector<Leg> latest_;      // [trials]
  Leg last_at_work_ = kNoLeg;
  bool are_trials_ = true;
};

}  // namespace nascent::core::search
