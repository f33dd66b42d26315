// Changing a configuration a little, in spaces with conditions.
#pragma once

#include "nascent/space_view.hpp"

namespace nascent::samplers {

struct MutationSettings {
  std::uint64_t parameters_max = 1;  // changed at once: uniform on 1 .. parameters_max
  double sigma = 0.2;                // standard deviation of a number's change, as a share of its range on its scale
};

// Another value of an active parameter, never the current one: uniform over the other choices of positive prior; for
// numbers and ordinals a Gaussian step on the scale, reflected at the bounds. `value` itself where there is no other.
double mutate(ParamView param, double value, double sigma, Rng& rng);

// Changes some active parameters of `row`, then decides anew which parameters are active; those that become active are
// drawn from the prior.
void mutate(SpaceView space, Row row, const MutationSettings& settings, Rng& rng);

}  // namespace nascent::samplers
