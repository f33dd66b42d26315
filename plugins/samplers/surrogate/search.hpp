// Looking for the configuration of greatest worth that was not tried yet.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "shared/known.hpp"
#include "surrogate/encoder.hpp"

namespace nascent::surrogate {

// Of an encoded row; larger is better.
using WorthOf = std::function<double(std::span<const double>)>;

// Scores `n_candidates` configurations, by turns prior draws and mutants of `parents`, then climbs from the best of
// them and from the parents by changes of one parameter (Hutter, Hoos, Leyton-Brown, "Sequential Model-Based
// Optimization for General Algorithm Configuration", LION 2011, section 4.3), at most 20 `n_candidates` more
// configurations. Empty when all that was looked at is taken.
std::optional<Point> most_worthy(const Encoder& encoder, const WorthOf& worth, const std::vector<Point>& parents,
                                 const samplers::Taken& taken, std::size_t n_candidates, Rng& rng);

}  // namespace nascent::surrogate
