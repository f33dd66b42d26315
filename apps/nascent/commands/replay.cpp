// nascent replay: train a trial again and compare.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "components.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/study_run.hpp"
#include "stop_signals.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct ReplayOptions {
  StudyArgument study;
  core::TrialId trial = 0;
  bool json = false;
};

std::string value_text(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : "-"; }

// Where the study has its trials run: in a worker process, or here.
core::Result<core::Replay> replay(OpenStudy& study, core::TrialId trial) {
  if (study.config.workers.execution == core::Execution::workers) {
    core::WorkersSetup workers;
    workers.config = study.config.workers;
    return core::replay_trial(*study.store, study.record, trial, std::move(workers), listen_for_signals());
  }
  auto components = load_components(study);
  if (!components) return tl::unexpected(components.error());
  const auto runner = core::component_runner(components->catalog, components->study, {}, 1, study.config.workers.device_of(0));
  if (!runner) return tl::unexpected(runner.error());
  return core::replay_trial(*study.store, study.record.id, trial, **runner);
}

Outcome replay_trial(const ReplayOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  if (const auto trial = find_trial(*study, options.trial); !trial) return tl::unexpected(trial.error());
  const auto replay = nascent::cli::replay(*study, options.trial);
  if (!replay) return tl::unexpected(replay.error());
  if (options.json) {
    nlohmann::ordered_json differences = nlohmann::ordered_json::array();
    for (const auto& difference : replay->differences) {
      nlohmann::ordered_json json = {{"metric", difference.metric}, {"is_time", difference.is_time}};
      if (difference.recorded) json["recorded"] = *difference.recorded;
      if (difference.replayed) json["replayed"] = *difference.replayed;
      differences.push_back(std::move(json));
    }
    const auto end = [](const core::Trial& trial) {
      return nlohmann::ordered_json{{"state", core::name_of(trial.state)}, {"reason", core::name_of(trial.reason)}, {"message", trial.message}};
    };
    const nlohmann::ordered_json json = {{"trial", options.trial},
                                         {"equal", replay->equal()},
                                         {"recorded", end(replay->recorded)},
                                         {"replayed", end(replay->replayed)},
                                         {"differences", differences}};
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("trial {}: {}\n", options.trial, replay->equal() ? "the same to the bit" : "differs");
    const std::string recorded = state_text(replay->recorded), replayed = state_text(replay->replayed);
    if (recorded != replayed) fmt::print("state recorded {}, replayed {}\n", recorded, replayed);
    if (!replay->replayed.message.empty()) fmt::print("message {}\n", replay->replayed.message);
    TextTable table({"metric", "recorded", "replayed", ""});
    for (const auto& difference : replay->differences) {
      table.add({difference.metric, value_text(difference.recorded), value_text(difference.replayed), difference.is_time ? "(time)" : ""});
    }
    if (!table.empty()) fmt::print("{}", table.text());
  }
  return replay->equal() ? ExitCode::done : ExitCode::found_wanting;
}

}  // namespace

void add_replay(Commands& commands) {
  commands.add<ReplayOptions>(
      nullptr, "replay", "Train a trial again and compare with what the store has",
      [](CLI::App& command, ReplayOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("trial", o.trial, "number of the trial")->required()->check(whole_number());
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_flag("--json", o.json, "as JSON");
      },
      replay_trial);
}

}  // namespace nascent::cli
