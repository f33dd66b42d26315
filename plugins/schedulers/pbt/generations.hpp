// The members of populations, and who goes on, ends and has children where a generation is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/curve.hpp"

namespace nascent::pbt {

struct Rules {
  std::size_t population;  // members that the sampler begins
  double interval;         // budget between two generations
  double budget;           // the full one of a trial
  double quantile;         // share that is replaced, and share of possible parents
  std::uint64_t seed;

  // Generation k stands at k * interval, the last below the full budget; 0 before the first.
  [[nodiscard]] std::size_t generation_at(double budget_spent) const;
};

// One trial: begun by the sampler, or the child of another one.
class Member {
 public:
  Member(schedulers::Curve curve, const Rules& rules);
  [[nodiscard]] std::uint64_t trial_id() const { return curve_.trial_id(); }
  [[nodiscard]] std::optional<std::uint64_t> parent() const { return curve_[0].parent(); }
  // The generation that it has come to.
  [[nodiscard]] std::size_t stands() const { return stands_; }
  // The generation at which it was forked; 0 for those that the sampler began.
  [[nodiscard]] std::size_t born() const { return born_; }
  [[nodiscard]] bool lives() const { return curve_.state() == TrialState::pending || curve_.state() == TrialState::paused; }
  [[nodiscard]] bool waits_at(std::size_t generation) const { return curve_.state() == TrialState::paused && stands_ == generation; }
  // It ended there, or on the way to the next one, without a result.
  [[nodiscard]] bool failed_after(std::size_t generation) const;
  // It was taken out there.
  [[nodiscard]] bool pruned_at(std::size_t generation) const { return curve_.state() == TrialState::pruned && stands_ == generation; }
  // Its first report of that generation, as a curve of one row; none where it was born there or passed it by.
  [[nodiscard]] std::optional<schedulers::Curve> report_at(std::size_t generation, const Rules& rules) const;

 private:
  schedulers::Curve curve_;
  std::size_t stands_, born_;
};

// What becomes of paused members, by the history and nothing else: a generation that was dealt with in part is taken up
// where it was left, because the children that it has had are in the history.
struct Decisions {
  std::vector<std::uint64_t> out;                 // end
  std::vector<std::uint64_t> parents;             // have a child each time they are named
  std::vector<Promotion> promotions;
};
Decisions decide(const Observations& history, const Rules& rules);

// How many more trials the sampler may begin, of which it has begun `n_begun`: a population, and the next one when all members
// of those before have ended.
std::uint64_t admits(const Observations& history, const Rules& rules, std::uint64_t n_begun);

}  // namespace nascent::pbt
