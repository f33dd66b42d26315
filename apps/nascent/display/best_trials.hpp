// The trials that a study has found, best first.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "display/text_table.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/trial.hpp"
#include "open_study.hpp"

namespace nascent::cli {

// The rows of the ranked trials. Several objectives: the front; one: the best `top`.
core::Result<std::vector<core::Trial>> best_trials(const OpenStudy& study, const core::Ranking& ranking, std::size_t top);

// One row each: objectives, cost and parameters. `parameters` as StudyRecord::space_json declares them.
TextTable best_table(const core::StudyConfig& config, const std::vector<core::Trial>& best,
                     const nlohmann::ordered_json& parameters);

}  // namespace nascent::cli
