// Who leads among trials that are compared at one budget.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nascent/pareto.hpp"
#include "shared/curve.hpp"

namespace nascent::schedulers {

// The trials by their values at `budget`, best first: by value, or with several objectives by Pareto layer and within a
// layer by falling crowding distance (Deb et al., "NSGA-II", IEEE TEC 6(2), 2002); then the lower trial id first. Last
// come those that did not get so far and those whose values are not finite.
inline std::vector<Curve> best_first(std::vector<Curve> trials, double budget) {
  std::sort(trials.begin(), trials.end(), [](const Curve& a, const Curve& b) { return a.trial_id() < b.trial_id(); });
  const auto comparable = [budget](const Curve& t) { return t.reached(budget) && all_finite(t.at(budget)); };
  const auto last = std::stable_partition(trials.begin(), trials.end(), comparable);
  if (last == trials.begin()) return trials;

  std::vector<double> values;
  for (auto t = trials.begin(); t != last; ++t) {
    const std::span<const double> row = t->at(budget);
    values.insert(values.end(), row.begin(), row.end());
  }
  const pareto::Outcomes all{values, trials.front().at(budget).size()};
  const std::vector<std::size_t> layer = pareto::ranks(all);
  const std::vector<double> crowding = pareto::crowding_distances(all, layer);

  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return layer[a] != layer[b] ? layer[a] < layer[b] : crowding[a] > crowding[b];
  });
  std::vector<Curve> sorted;
  for (const std::size_t i : order) sorted.push_back(trials[i]);
  sorted.insert(sorted.end(), last, trials.end());
  return sorted;
}

}  // namespace nascent::schedulers
