// From a configuration to a network.
#pragma once

#include "derivation.hpp"
#include "nascent/graph.hpp"

namespace nascent::grammar {

// What the part makes of x. Throws Error(NAS_E_INVALID) where shapes do not fit.
Edge build(const Derived& part, Graph& g, Edge x, const Values& values);

}  // namespace nascent::grammar
