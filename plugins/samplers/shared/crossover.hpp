// A configuration made of two, in spaces with conditions.
#pragma once

#include "nascent/space_view.hpp"

namespace nascent::samplers {

// Fills `child` in the order of the parameters, parents of conditions first, so that it is a configuration of the space
// whatever the two have in common. An active parameter takes the value it has in one or the other, with equal
// probability; in the one of them where it is active; where it is in neither, it is drawn from the prior.
// Source: Syswerda, "Uniform Crossover in Genetic Algorithms" (ICGA 1989), for parameters that both have.
void cross(SpaceView space, ConstRow one, ConstRow other, Rng& rng, Row child);

}  // namespace nascent::samplers
