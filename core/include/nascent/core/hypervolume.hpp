// How much of the objectives' space a study's trials dominate.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "nascent/core/ranking.hpp"

namespace nascent::core {

struct Hypervolume {
  double value = 0;               // in the product of the objectives' units
  std::vector<double> reference;  // [n_objectives] in the objectives' own directions
};

// Of the ranked trials: the volume between them and `reference` ([n_objectives], in the objectives' own directions), or,
// where it is empty, the worst value of each objective among them, which moves with them. Empty when there are none, or
// `reference` is not finite.
std::optional<Hypervolume> hypervolume(const Ranking& ranking, std::span<const double> reference = {});

}  // namespace nascent::core
