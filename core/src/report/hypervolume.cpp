#include "nascent/core/hypervolume.hpp"

#include <algorithm>
#include <cmath>
#include <nascent/pareto.hpp>

namespace nascent::core {

std::optional<Hypervolume> hypervolume(const Scoring& scoring, std::span<const Trial> trials,
                                       std::span<const double> reference) {
  const std::vector<Objective>& objectives = scoring.objectives();
  std::vector<double> losses(scoring.n_objectives()), values;
  for (const Trial& trial : best_first(scoring, {trials.begin(), trials.end()})) {
    if (scoring.losses(trial.metrics, losses).empty()) values.insert(values.end(), losses.begin(), losses.end());
  }
  if (values.empty() || !std::ranges::all_of(reference, [](double v) { return std::isfinite(v); })) return std::nullopt;
  const nascent::pareto::Outcomes all{values, losses.size()};
  std::vector<double> corner(losses.size());
  for (std::size_t k = 0; k < corner.size(); ++k) {
    corner[k] = reference.empty() ? all[0][k] : loss_of(objectives[k], reference[k]);
    for (std::size_t i = 0; reference.empty() && i < all.size(); ++i) corner[k] = std::max(corner[k], all[i][k]);
  }
  Hypervolume found{nascent::pareto::hypervolume(all, corner), corner};
  for (std::size_t k = 0; k < corner.size(); ++k) found.reference[k] = loss_of(objectives[k], corner[k]);
  return found;
}

}  // namespace nascent::core
