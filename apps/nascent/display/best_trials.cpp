#include "display/best_trials.hpp"

#include <algorithm>

#include "display/trial_text.hpp"
#include "nascent/core/ranking.hpp"

namespace nascent::cli {

std::vector<core::Trial> best_trials(const core::StudyConfig& config, std::vector<core::Trial> trials,
                                     std::size_t top) {
  const core::Scoring scoring(config);
  std::vector<core::Trial> ranked = core::best_first(scoring, std::move(trials));
  if (config.objectives.size() == 1) {
    if (ranked.size() > top) ranked.resize(top);
    return ranked;
  }
  core::ParetoFront front;
  std::vector<double> losses(scoring.n_objectives());
  for (const core::Trial& trial : ranked) {
    if (scoring.losses(trial.metrics, losses).empty()) front.add(trial.id, losses);
  }
  std::erase_if(ranked, [&front](const core::Trial& trial) {
    return std::none_of(front.members().begin(), front.members().end(),
                        [&](const auto& member) { return member.trial == trial.id; });
  });
  return ranked;
}

TextTable best_table(const core::StudyConfig& config, const std::vector<core::Trial>& best,
                     const nlohmann::ordered_json& parameters) {
  std::vector<std::string> header{"trial"};
  for (const core::Objective& objective : config.objectives) header.push_back(metric_column(objective.metric, {"trial", "cost", "parameters"}));
  header.insert(header.end(), {"cost", "parameters"});
  TextTable table(header);
  for (const core::Trial& trial : best) {
    std::vector<std::string> row{std::to_string(trial.id)};
    for (const core::Objective& objective : config.objectives)
      row.push_back(number_text(metric_of(trial, objective.metric)));
    row.insert(row.end(), {duration_text(trial.cost_seconds), configuration_text(trial.configuration, parameters)});
    table.add(std::move(row));
  }
  return table;
}

}  // namespace nascent::cli
