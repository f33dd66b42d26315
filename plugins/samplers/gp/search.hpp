// Looking for the configuration of greatest worth that was not tried yet.
#pragma once

#include <optional>
#include <vector>

#include "gp/acquisition.hpp"
#include "shared/known.hpp"

namespace nascent::gp {

// Scores `n_candidates` configurations, by turns prior draws and mutants of `parents`; then climbs from the best of
// them and from the best parents, all at once and in rounds: each is replaced by the best of its mutants if that is
// worth more, else its steps shrink. About 2 `n_candidates` more configurations. Empty when all that was looked at is
// taken.
std::optional<Point> most_worthy(const Encoder& encoder, Acquisition& worth, const std::vector<Point>& parents,
                                 const samplers::Taken& taken, std::size_t n_candidates, Rng& rng);

}  // namespace nascent::gp
