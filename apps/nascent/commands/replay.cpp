// nascent replay: train a trial again and compare.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "components.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/study_run.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct ReplayOptions {
  StudyArgument study;
  core::TrialId trial = 0;
  bool json = false;
};

std::string value_text(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : "-"; }

Outcome replay_trial(const ReplayOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  if (const auto trial = find_trial(*study, options.trial); !trial) return tl::unexpected(trial.error());
  auto components = load_components(*study);
  if (!components) return tl::unexpected(components.error());
  const auto runner = core::component_runner(components->catalog, components->study, {});
  if (!runner) return tl::unexpected(runner.error());
  const auto replay = core::replay_trial(*study->store, study->record.id, options.trial, **runner);
  if (!replay) return tl::unexpected(replay.error());
  if (options.json) {
    nlohmann::ordered_json differences = nlohmann::ordered_json::array();
    for (const auto& difference : replay->differences) {
      nlohmann::ordered_json json = {{"metric", difference.metric}, {"is_time", difference.is_time}};
      if (difference.recorded) json["recorded"] = *difference.recorded;
      if (difference.replayed) json["replayed"] = *difference.replayed;
      differences.push_back(std::move(json));
    }
    fmt::print("{}\n", nlohmann::ordered_json{{"trial", options.trial}, {"equal", replay->equal()}, {"differences", differences}}.dump(2));
  } else {
    fmt::print("trial {}: {}\n", options.trial, replay->equal() ? "the same to the bit" : "differs");
    if (replay->recorded.state != replay->replayed.state) fmt::print("state recorded {}, replayed {}\n", state_text(replay->recorded), state_text(replay->replayed));
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
