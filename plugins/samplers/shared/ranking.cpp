#include "ranking.hpp"

#include <algorithm>
#include <numeric>

#include "nascent/pareto.hpp"

namespace nascent::samplers {

Ranking::Ranking(std::span<const Outcome> outcomes) : best_first(outcomes.size()) {
  if (outcomes.empty()) return;
  std::vector<double> values, violations;
  for (const Outcome& outcome : outcomes) {
    values.insert(values.end(), outcome.values.begin(), outcome.values.end());
    violations.push_back(outcome.violation);
  }
  const pareto::Outcomes all{values, outcomes.front().values.size(), violations};
  rank = pareto::ranks(all);
  crowding = pareto::crowding_distances(all, rank);
  std::iota(best_first.begin(), best_first.end(), std::size_t{0});
  std::sort(best_first.begin(), best_first.end(), [this](std::size_t a, std::size_t b) { return before(a, b); });
}

bool Ranking::before(std::size_t a, std::size_t b) const {
  if (rank[a] != rank[b]) return rank[a] < rank[b];
  return crowding[a] != crowding[b] ? crowding[a] > crowding[b] : a > b;
}

}  // namespace nascent::samplers
