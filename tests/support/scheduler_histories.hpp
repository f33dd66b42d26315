// Random histories for schedulers under test, with everything that happens in one, and the plain way to rank their trials.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "nascent/pareto.hpp"
#include "nascent/rng.hpp"
#include "shared/curve.hpp"
#include "support/observations.hpp"

namespace nascent::test {

// Up to 40 trials with gaps between their ids, one to five reports each: few different values, so that many are equal, some of them no
// number, some infinite.
inline History random_history(Rng& rng, std::size_t n_objectives) {
  constexpr TrialState states[] = {TrialState::completed, TrialState::completed, TrialState::pruned,
                                   TrialState::paused,    TrialState::pending,   TrialState::failed};
  History h(n_objectives);
  const std::uint64_t n = rng.below(40);
  std::uint64_t id = 0;
  for (std::uint64_t t = 0; t < n; ++t) {
    id += 1 + rng.below(3);
    const TrialState state = states[rng.below(6)];
    double budget = 0;
    for (std::uint64_t r = 0, reports = 1 + rng.below(5); r < reports; ++r) {
      budget += 0.5 + static_cast<double>(rng.below(4));
      std::vector<double> values;
      for (std::size_t k = 0; k < n_objectives; ++k) {
        const std::uint64_t drawn = rng.below(24);
        values.push_back(drawn == 0   ? std::numeric_limits<double>::quiet_NaN()
                         : drawn == 1 ? -std::numeric_limits<double>::infinity()
                                      : static_cast<double>(drawn % 8) - 4);
      }
      h.report(id, state, budget, values);
    }
  }
  return h;
}

// Ids of the trials by their values at `budget`, best first: Pareto layer, falling crowding distance, id; last who cannot be compared.
inline std::vector<std::uint64_t> ranked(std::vector<schedulers::Curve> trials, double budget) {
  // Of equal outcomes the crowding distance depends on their order.
  std::sort(trials.begin(), trials.end(), [](const auto& a, const auto& b) { return a.trial_id() < b.trial_id(); });
  std::vector<std::uint64_t> front, behind;
  std::vector<double> values;
  for (const schedulers::Curve& t : trials) {
    const bool comparable = t.reached(budget) && schedulers::all_finite(t.at(budget));
    (comparable ? front : behind).push_back(t.trial_id());
    if (comparable) values.insert(values.end(), t.at(budget).begin(), t.at(budget).end());
  }
  if (front.empty()) return behind;
  const pareto::Outcomes all{values, values.size() / front.size()};
  const auto layer = pareto::ranks(all);
  const auto crowding = pareto::crowding_distances(all, layer);
  std::vector<std::size_t> order(front.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (layer[a] != layer[b]) return layer[a] < layer[b];
    return crowding[a] != crowding[b] ? crowding[a] > crowding[b] : front[a] < front[b];
  });
  std::vector<std::uint64_t> ids;
  for (const std::size_t i : order) ids.push_back(front[i]);
  ids.insert(ids.end(), behind.begin(), behind.end());
  return ids;
}

}  // namespace nascent::test
