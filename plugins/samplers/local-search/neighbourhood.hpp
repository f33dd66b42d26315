// Which configurations are one step away.
#pragma once

#include <optional>
#include <vector>

#include "nascent/space_view.hpp"

namespace nascent::local_search {

// Setting one active parameter to another value. What the change makes active is drawn from the prior.
struct Move {
  std::size_t parameter = 0;
  double value = 0;
  bool operator==(const Move&) const = default;
};

// All moves from a configuration. A categorical parameter may take every other choice of positive weight, or, of more
// than 64, 64 random ones. A number or ordinal may go up or down by `step`, a share of its prior's mass, and at least
// to the next level; at the edge of its range it stops there. `seed` decides about the random choices.
std::vector<Move> moves_from(SpaceView space, ConstRow from, double step, std::uint64_t seed);

// The move that leads from one configuration to the other: the only parameter that is active in both and differs.
// Nothing when there is none, or more than one.
std::optional<Move> move_between(ConstRow from, ConstRow to);

}  // namespace nascent::local_search
