// From a finished row of the store to what a sampler is told of it.
#pragma once

#include <string>
#include <vector>

#include "history.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core::search {

// Completes position i: losses, violations, the metrics of these names, state. Losses that are not finite count as failed;
// so does a pruned trial that measured no objective. A constraint that a pruned trial did not measure counts as satisfied.
// Errors: ErrorKind::invalid_input when a completed trial did not measure an objective or a constraint at all.
Result<void> finish(History& history, Position i, const Trial& trial, const Scoring& scoring,
                    const std::vector<std::string>& metrics);

}  // namespace nascent::core::search
