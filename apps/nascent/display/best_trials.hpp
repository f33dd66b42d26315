// The trials that a study has found, best first.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "display/text_table.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::cli {

// Several objectives: the front; one: the best `top`.
std::vector<core::Trial> best_trials(const core::StudyConfig& config, std::vector<core::Trial> trials, std::size_t top);

// One row each: objectives, cost and parameters. `parameters` as StudyRecord::space_json declares them.
TextTable best_table(const core::StudyConfig& config, const std::vector<core::Trial>& best,
                     const nlohmann::ordered_json& parameters);

}  // namespace nascent::cli
