// Proposing what was not tried yet: in small spaces, near the end of a search, when a sampler has converged.
#pragma once

#include "known.hpp"
#include "nascent/space_view.hpp"

namespace nascent::samplers {

enum class Unseen { found, none_left, given_up };

// Moves `row`, a configuration of the space, to an untaken one few parameters away: breadth first over changes of one
// parameter; those that become active are drawn from the prior. `none_left` is a proof that all configurations are
// taken; `given_up` says that some thousands were looked at. `row` is unchanged unless found.
Unseen nearest_unseen(SpaceView space, const Taken& taken, Rng& rng, Row row);

// Moves a taken `row` to a configuration that is not. Throws Error(NAS_E_EXHAUSTED) when there is none; where that can
// be neither proven nor refuted, `row` stays a repeat.
inline void avoid_repeat(SpaceView space, const Taken& taken, Rng& rng, Row row) {
  if (taken.contains(row) && nearest_unseen(space, taken, rng, row) == Unseen::none_left) {
    throw Error(NAS_E_EXHAUSTED, "every configuration of this space has been tried");
  }
}

// Fills `row` by `draw()`, again while the outcome is taken, at most 32 times; then looks around the last draw, as
// avoid_repeat() does.
template <class Draw>
void propose_unseen(SpaceView space, const Taken& taken, Rng& rng, Row row, const Draw& draw) {
  for (int attempt = 0; attempt < 32; ++attempt) {
    draw();
    if (!taken.contains(row)) return;
  }
  avoid_repeat(space, taken, rng, row);
}

}  // namespace nascent::samplers
