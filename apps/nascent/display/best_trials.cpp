#include "display/best_trials.hpp"

#include "display/trial_text.hpp"

namespace nascent::cli {

core::Result<std::vector<core::Trial>> best_trials(const OpenStudy& study, const core::Ranking& ranking, std::size_t top) {
  const bool several = study.config.objectives.size() > 1;
  return core::read_trials(*study.store, study.record.id, several ? ranking.front() : ranking.best(top));
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
