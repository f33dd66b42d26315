// What trials that were stopped early, or wait, are worth beside those that were trained to their end.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "nascent/sampler.hpp"

namespace nascent::samplers {

// A trial as if it had been trained to its end.
struct Foreseen {
  std::uint64_t trial_id = 0;
  const Point* at = nullptr;                // of the Learning that it comes from
  std::span<const double> constraints;      // satisfied when <= 0; empty where not known
  std::vector<double> values;               // [n_objectives], minimised; empty: it failed
};

// The learning curves of a study with a scheduler. The budgets at which trials were stopped or paused are its levels; a
// trial's value at a level is that of its first report there or above. Bounded: of more than two thousand trials it keeps
// the best 250 and the newest, a thousand together.
class Learning {
 public:
  // Sampler::tell_report().
  void report(const Observation& report);
  // Sampler::tell().
  void end(const Observation& observation);

  // Trials with a report, and those that have ended.
  [[nodiscard]] std::size_t size() const { return trials_.size(); }

  // Every trial in order of id, with the values it is foreseen to end with. From the highest level down: a trial that stands
  // at level l will gain from there what the trials most like it have gained that went on, the median of the five whose
  // values at l are nearest, those being known or foreseen already; but nobody is foreseen to be better than the best of
  // these. O(n log n) in the number of trials, for each level.
  [[nodiscard]] std::vector<Foreseen> foreseen() const;
  // Every trial that has come to the highest level that n_min have come to, with its values there, and those that failed.
  // Source: Falkner, Klein, Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale" (ICML 2018), section 3.2.
  [[nodiscard]] std::vector<Foreseen> at_largest(std::size_t n_min) const;

 private:
  struct Trial {
    Point at;
    std::vector<double> budgets, values;  // reports by rising budget; values [reports][n_objectives]
    std::vector<double> end, constraints;  // of a trial that was trained to its end
    bool failed = false;

    [[nodiscard]] double budget() const { return budgets.empty() ? 0 : budgets.back(); }
    // The report at `budget` or above.
    [[nodiscard]] std::span<const double> value_at(double budget, std::size_t n_objectives) const;
  };
  [[nodiscard]] std::vector<double> levels() const;
  void forget();

  std::size_t n_objectives_ = 0;
  std::map<std::uint64_t, Trial> trials_;
};

}  // namespace nascent::samplers
