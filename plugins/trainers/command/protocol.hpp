// What a program and the trainer tell each other: the trial as JSON, reports as JSON lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nascent/trainer.hpp"

namespace command {

// The trial's description: {"trial", "seed", "threads", "budget": {"unit", "from", "to"}, "parameters": {name: value},
// "architecture": {"nodes": [...], "outputs": [...]} or null, "artifact_dir", "checkpoint_dir", "resume_dir", "inherit_dir"}. Parameters of the space
// lose their prefix "space."; inactive ones are absent.
std::string trial_json(const nascent::Task& task, const nascent::TrainRequest& request);

// "NASCENT_PARAM_<NAME>=value" for every active parameter; letters in upper case, everything else '_'.
std::vector<std::string> parameter_environment(const nascent::TrainRequest& request);

struct ReportLine {
  double budget = 0;  // as given, or else `next_budget`
  std::vector<std::pair<std::string, double>> metrics;
};
// One report: {"val_accuracy": 0.9, "budget": 3}. Numbers only; NaN and infinity as Python or C writes them are taken.
// next_budget: nothing where the line has to say it itself. Throws nascent::Error quoting the line and the rule.
ReportLine parse_report(std::string_view line, std::optional<double> next_budget);

}  // namespace command
