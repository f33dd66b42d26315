// nascent best: the best trials of a study, or its Pareto front.
#include <fmt/format.h>

#include "command.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/ranking.hpp"
#include "open_study.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct Options {
  StudyArgument study;
  std::size_t top = 1;
  bool json = false;
};

// Several objectives: the front; one: the best `top`.
std::vector<core::Trial> choose(const core::StudyConfig& config, std::vector<core::Trial> trials, std::size_t top) {
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
    return std::none_of(front.members().begin(), front.members().end(), [&](const auto& member) { return member.trial == trial.id; });
  });
  return ranked;
}

Outcome act(const Options& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  auto trials = study->store->trials(study->record.id, {.role = core::TrialRole::search});
  if (!trials) return tl::unexpected(trials.error());
  const auto parameters = nlohmann::ordered_json::parse(study->record.space_json);
  const std::vector<core::Trial> best = choose(study->config, std::move(*trials), options.top);
  if (best.empty()) {
    fmt::print(stderr, "nascent: study {} has no completed trial within its constraints yet\n", study->record.name);
    return ExitCode::found_wanting;
  }
  if (options.json) {
    for (const core::Trial& trial : best) fmt::print("{}\n", trial_json(trial, parameters).dump());
    return ExitCode::done;
  }
  std::vector<std::string> header{"trial"};
  for (const core::Objective& objective : study->config.objectives) header.push_back(objective.metric);
  header.insert(header.end(), {"cost", "parameters"});
  TextTable table(header);
  for (const core::Trial& trial : best) {
    std::vector<std::string> row{std::to_string(trial.id)};
    for (const core::Objective& objective : study->config.objectives) row.push_back(number_text(metric_of(trial, objective.metric)));
    row.insert(row.end(), {duration_text(trial.cost_seconds), configuration_text(trial.configuration, parameters)});
    table.add(std::move(row));
  }
  fmt::print("{}", table.text());
  return ExitCode::done;
}

}  // namespace

void add_best(Commands& commands) {
  commands.add<Options>(
      nullptr, "best", "Show the best trials, or the Pareto front of several objectives",
      [](CLI::App& command, Options& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--top", o.top, "how many, for one objective")->check(whole_number(1));
        command.add_flag("--json", o.json, "one JSON object a line");
      },
      act);
}

}  // namespace nascent::cli
