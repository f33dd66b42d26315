// A sampler over a pool: what the inner one proposes becomes the nearest candidate that was not tried.
#pragma once

#include "nascent/core/instance.hpp"
#include "problem.hpp"

namespace nascent::multi_fidelity {

// Distances are of logarithms, each parameter scaled to the pool's range. The sampler is told of the candidates, not of its
// own proposals. Neither `inner` nor `problem` is copied. One at a time in a process.
core::Instance<nas_sampler_vt> snapped(const nas_component& inner, const nas_config& options, const nas_sampler_arg& arg,
                                       const Problem& problem);

}  // namespace nascent::multi_fidelity
