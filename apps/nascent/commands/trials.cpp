// nascent trials: the rows of a study.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/nearest.hpp"
#include "nascent/core/ranking.hpp"
#include "open_study.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct TrialsOptions {
  StudyArgument study;
  std::string state, sort;
  std::optional<std::size_t> limit;
  bool json = false, csv = false;
};

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void add_metric_names(const core::Trial& trial, std::vector<std::string>& names) {
  for (const core::Metric& metric : trial.metrics) {
    if (std::find(names.begin(), names.end(), metric.name) == names.end()) names.push_back(metric.name);
  }
}

// Every metric name of the trials, in order of first appearance.
std::vector<std::string> metric_names(const std::vector<core::Trial>& trials) {
  std::vector<std::string> names;
  for (const core::Trial& trial : trials) add_metric_names(trial, names);
  return names;
}

void print_csv(const std::vector<core::Trial>& trials, const nlohmann::ordered_json& parameters) {
  const std::vector<std::string> metrics = metric_names(trials);
  std::string header = "trial,role,state,reason,cost_seconds";
  for (const auto& parameter : parameters) header += "," + csv_cell(parameter.at("name"));
  for (const std::string& metric : metrics) header += "," + metric_column(metric, {"trial", "role", "state", "reason", "cost_seconds"});
  fmt::print("{}\n", header);
  for (const core::Trial& trial : trials) {
    std::string line = fmt::format("{},{},{},{},{}", trial.id, core::name_of(trial.role), core::name_of(trial.state),
                                   core::name_of(trial.reason), trial.cost_seconds);
    const auto values = configuration_json(trial.configuration, parameters);
    for (const auto& parameter : parameters) {
      const auto value = values.find(parameter.at("name").get<std::string>());
      line += ",";
      if (value != values.end()) line += csv_cell(value->is_string() ? value->get<std::string>() : value->dump());
    }
    for (const std::string& metric : metrics) {
      const double value = metric_of(trial, metric);
      line += std::isnan(value) ? "," : fmt::format(",{}", value);
    }
    fmt::print("{}\n", line);
  }
}

// The state, and what else sets a row apart: a training of [final], a broken constraint.
std::string state_cell(const core::Scoring& scoring, const core::Trial& trial) {
  std::string text = state_text(trial);
  if (trial.parent && trial.role == core::TrialRole::final) text += fmt::format(" (trial {} again)", *trial.parent);
  if (trial.parent && trial.role == core::TrialRole::search) text += fmt::format(" (from trial {})", *trial.parent);
  if (scoring.is_infeasible(trial)) text += " (infeasible)";
  return text;
}

// Holds of all trials one number each, and only the rows that are shown.
core::Result<std::vector<core::Trial>> sorted_trials(const OpenStudy& study, const core::TrialFilter& filter, const TrialsOptions& options) {
  const bool descending = options.sort.starts_with('-');
  const std::string sort = options.sort.substr(descending ? 1 : 0);
  struct Key {
    double value;
    core::TrialId trial;
  };
  std::vector<Key> keys;
  std::vector<std::string> names;
  const auto read = core::each_trial(*study.store, study.record.id, filter, [&](const core::Trial& trial) {
    add_metric_names(trial, names);
    keys.push_back({metric_of(trial, sort), trial.id});
  });
  if (!read) return tl::unexpected(read.error());
  if (std::find(names.begin(), names.end(), sort) == names.end()) {
    return core::fail(core::ErrorKind::invalid_input, fmt::format("--sort {}: no trial shown has such a metric; {}", options.sort, core::way_out(sort, names)));
  }
  std::stable_sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    if (std::isnan(a.value) || std::isnan(b.value)) return !std::isnan(a.value) && std::isnan(b.value);
    return descending ? a.value > b.value : a.value < b.value;
  });
  if (options.limit && keys.size() > *options.limit) keys.resize(*options.limit);
  std::vector<core::TrialId> shown;
  for (const Key& key : keys) shown.push_back(key.trial);
  return core::read_trials(*study.store, study.record.id, shown);
}

Outcome list_trials(const TrialsOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  core::TrialFilter filter;
  if (!options.state.empty()) {
    const auto& names = core::kTrialStateNames;
    const auto found = std::find(names.begin(), names.end(), options.state);
    if (found != names.end()) filter.state = static_cast<core::TrialState>(found - names.begin());
  }
  if (options.limit && options.sort.empty()) filter.limit = *options.limit;
  const auto trials = options.sort.empty() ? study->store->trials(study->record.id, filter) : sorted_trials(*study, filter, options);
  if (!trials) return tl::unexpected(trials.error());
  const auto parameters = nlohmann::ordered_json::parse(study->record.space_json);

  if (options.csv) {
    print_csv(*trials, parameters);
  } else if (options.json) {
    for (const core::Trial& trial : *trials) fmt::print("{}\n", trial_json(trial, parameters).dump());
  } else {
    std::vector<std::string> header{"trial", "state"};
    for (const core::Objective& objective : study->config.objectives) header.push_back(metric_column(objective.metric, {"trial", "state", "cost", "parameters"}));
    header.insert(header.end(), {"cost", "parameters"});
    TextTable table(header);
    const core::Scoring scoring(study->config);
    for (const core::Trial& trial : *trials) {
      std::vector<std::string> row{std::to_string(trial.id), state_cell(scoring, trial)};
      for (const core::Objective& objective : study->config.objectives) row.push_back(number_text(metric_of(trial, objective.metric)));
      row.insert(row.end(), {duration_text(trial.cost_seconds), configuration_text(trial.configuration, parameters)});
      table.add(std::move(row));
    }
    fmt::print("{}", table.text());
  }
  return ExitCode::done;
}

}  // namespace

void add_trials(Commands& commands) {
  commands.add<TrialsOptions>(
      nullptr, "trials", "List the trials of a study",
      [](CLI::App& command, TrialsOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--state", o.state, "only trials in this state")
            ->check(one_of({core::kTrialStateNames.begin(), core::kTrialStateNames.end()}));
        command.add_option("--sort", o.sort, "metric to sort by, with a leading '-' for descending order");
        command.add_option("--limit", o.limit, "at most this many rows")->check(whole_number(1));
        auto* json = command.add_flag("--json", o.json, "one JSON object a line");
        command.add_flag("--csv", o.csv, "comma-separated values with a header row")->excludes(json);
      },
      list_trials);
}

}  // namespace nascent::cli
