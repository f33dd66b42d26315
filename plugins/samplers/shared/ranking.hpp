// Trials of several objectives and constraints in one order, best first.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nascent::samplers {

// What a trial that completed is judged by.
struct Outcome {
  std::vector<double> values;  // [n_objectives], minimised, finite
  double violation = 0;        // sum of the constraints' violations; 0 = feasible
};

// The crowded-comparison order under constrained domination: `best_first` holds the outcomes' indices by rank, then by
// falling crowding distance, then the later one first; `rank` and `crowding` belong to the outcomes. All [n]. Outcomes
// of one objective come by violation, then value. Source: Deb, Pratap, Agarwal, Meyarivan, "NSGA-II" (IEEE TEC 6(2),
// 2002), sections III-B and VI.
struct Ranking {
  explicit Ranking(std::span<const Outcome> outcomes);

  // Does outcome a come before outcome b?
  [[nodiscard]] bool before(std::size_t a, std::size_t b) const;

  std::vector<std::size_t> rank;
  std::vector<double> crowding;
  std::vector<std::size_t> best_first;
};

}  // namespace nascent::samplers
