// Who leads among trials that are compared at one budget.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "nascent/pareto.hpp"
#include "shared/curve.hpp"

namespace nascent::schedulers {

// Where a trial stands among others at a budget, with one objective: by value, then the lower trial id first. Behind all of these are
// trials that did not get so far, and those whose value is not finite.
class Standing {
 public:
  Standing(const Curve& trial, double budget) : trial_id_(trial.trial_id()) {
    const std::span<const double> values = trial.at(budget);
    is_behind_ = values.empty() || !std::isfinite(values[0]);
    if (!is_behind_) value_ = values[0];
  }
  bool operator<(const Standing& other) const {
    return std::tie(is_behind_, value_, trial_id_) < std::tie(other.is_behind_, other.value_, other.trial_id_);
  }

 private:
  bool is_behind_ = true;
  double value_ = 0;
  std::uint64_t trial_id_;
};

// The best `n` of the trials by their values at `budget`, best first: with one objective by Standing; with several by Pareto layer,
// within a layer by falling crowding distance (Deb et al., "NSGA-II", IEEE TEC 6(2), 2002), then the lower trial id first, and last
// those that did not get so far and those whose values are not finite.
inline std::vector<Curve> best_first(std::vector<Curve> trials, double budget, std::size_t n = std::numeric_limits<std::size_t>::max()) {
  n = std::min(n, trials.size());
  if (n == 0) return {};
  if (trials.front().newest().values().size() == 1) {
    std::vector<std::pair<Standing, const Curve*>> order;
    order.reserve(trials.size());
    for (const Curve& t : trials) order.emplace_back(Standing(t, budget), &t);
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(n);
    const auto is_ahead = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::nth_element(order.begin(), last - 1, order.end(), is_ahead);
    std::sort(order.begin(), last, is_ahead);
    std::vector<Curve> sorted;
    sorted.reserve(n);
    for (auto t = order.begin(); t != last; ++t) sorted.push_back(*t->second);
    return sorted;
  }

  std::sort(trials.begin(), trials.end(), [](const Curve& a, const Curve& b) { return a.trial_id() < b.trial_id(); });
  const auto comparable = [budget](const Curve& t) { return t.reached(budget) && all_finite(t.at(budget)); };
  const auto last = std::stable_partition(trials.begin(), trials.end(), comparable);
  std::vector<double> values;
  for (auto t = trials.begin(); t != last; ++t) {
    const std::span<const double> row = t->at(budget);
    values.insert(values.end(), row.begin(), row.end());
  }
  const pareto::Outcomes all{values, trials.front().newest().values().size()};
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
  sorted.erase(sorted.begin() + static_cast<std::ptrdiff_t>(n), sorted.end());
  return sorted;
}

}  // namespace nascent::schedulers
