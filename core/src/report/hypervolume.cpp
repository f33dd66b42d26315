#include "nascent/core/hypervolume.hpp"

#include <algorithm>
#include <cmath>
#include <nascent/pareto.hpp>

namespace nascent::core {

std::optional<Hypervolume> hypervolume(const Ranking& ranking, std::span<const double> reference) {
  const std::vector<Objective>& objectives = ranking.scoring().objectives();
  if (ranking.size() == 0 || !std::ranges::all_of(reference, [](double v) { return std::isfinite(v); })) return std::nullopt;
  const nascent::pareto::Outcomes all{ranking.losses(), objectives.size()};
  std::vector<double> corner(objectives.size());
  for (std::size_t k = 0; k < corner.size(); ++k) {
    corner[k] = reference.empty() ? all[0][k] : loss_of(objectives[k], reference[k]);
    for (std::size_t i = 0; reference.empty() && i < all.size(); ++i) corner[k] = std::max(corner[k], all[i][k]);
  }
  Hypervolume found{nascent::pareto::hypervolume(all, corner), corner};
  for (std::size_t k = 0; k < corner.size(); ++k) found.reference[k] = loss_of(objectives[k], corner[k]);
  return found;
}

}  // namespace nascent::core
