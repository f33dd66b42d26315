// nascent best: the best trials of a study, or its Pareto front.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "display/best_trials.hpp"
#include "display/trial_text.hpp"
#include "open_study.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct BestOptions {
  StudyArgument study;
  std::optional<std::size_t> top;
  bool json = false;
};

Outcome show_best(const BestOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  if (options.top && study->config.objectives.size() > 1) {
    return core::fail(core::ErrorKind::invalid_input,
                      "--top is for one objective; of several the whole front is shown: leave it out");
  }
  core::Ranking ranking{core::Scoring(study->config)};
  const auto read = core::each_trial(*study->store, study->record.id, {.role = core::TrialRole::search},
                                     [&](const core::Trial& trial) { ranking.add(trial); });
  if (!read) return tl::unexpected(read.error());
  const auto best = best_trials(*study, ranking, options.top.value_or(1));
  if (!best) return tl::unexpected(best.error());
  const auto parameters = nlohmann::ordered_json::parse(study->record.space_json);
  if (best->empty()) {
    fmt::print(stderr, "nascent: study {} has no completed trial within its constraints yet\n", study->record.name);
    return ExitCode::found_wanting;
  }
  if (options.json) {
    for (const core::Trial& trial : *best) fmt::print("{}\n", trial_json(trial, parameters).dump());
    return ExitCode::done;
  }
  fmt::print("{}", best_table(study->config, *best, parameters).text());
  return ExitCode::done;
}

}  // namespace

void add_best(Commands& commands) {
  commands.add<BestOptions>(
      nullptr, "best", "Show the best trials, or the Pareto front of several objectives",
      [](CLI::App& command, BestOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--top", o.top, "how many, for one objective")->check(whole_number(1));
        command.add_flag("--json", o.json, "one JSON object a line");
      },
      show_best);
}

}  // namespace nascent::cli
