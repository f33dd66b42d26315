#include "commands/show_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "display/best_trials.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/hypervolume.hpp"
#include "nascent/core/nearest.hpp"

namespace nascent::cli {
namespace {

using Json = nlohmann::ordered_json;

core::Result<double> reference_value(const std::vector<std::string>& given, const std::string& metric) {
  for (const std::string& text : given) {
    if (text.substr(0, text.find('=')) != metric) continue;
    double value = 0;
    const char *begin = text.data() + std::min(metric.size() + 1, text.size()), *end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(begin, end, value);
    if (status == std::errc() && stop == end && std::isfinite(value)) return value;
    return core::fail(core::ErrorKind::invalid_input,
                      fmt::format("--reference {}: it has to be {}=NUMBER", text, metric));
  }
  return core::fail(core::ErrorKind::invalid_input,
                    fmt::format("--reference needs a value for every objective; add {}=NUMBER", metric));
}

// [n_objectives], or empty where none is given.
core::Result<std::vector<double>> reference_point(const std::vector<std::string>& given,
                                                  const core::StudyConfig& config) {
  std::vector<double> reference;
  std::vector<std::string> metrics;
  for (const core::Objective& objective : config.objectives) metrics.push_back(objective.metric);
  for (const std::string& text : given) {
    const std::string name = text.substr(0, text.find('='));
    if (std::ranges::find(metrics, name) == metrics.end())
      return core::fail(core::ErrorKind::invalid_input,
                        fmt::format("--reference {}: no objective {}; {}", text, core::toml_text(name),
                                    core::way_out(name, metrics)));
  }
  for (const std::string& metric : metrics) {
    if (given.empty()) break;
    const auto value = reference_value(given, metric);
    if (!value) return tl::unexpected(value.error());
    reference.push_back(*value);
  }
  return reference;
}

struct Counts {
  std::size_t finished = 0, completed = 0, pruned = 0, failed = 0, invalid = 0, infeasible = 0, duplicates = 0,
              paused = 0;
};

void count(const core::Scoring& scoring, const core::Trial& t, Counts& counts) {
  counts.finished += t.finished() ? 1 : 0;
  counts.completed += t.state == core::TrialState::completed ? 1 : 0;
  counts.paused += t.state == core::TrialState::paused ? 1 : 0;
  counts.pruned += t.state == core::TrialState::pruned ? 1 : 0;
  counts.failed += t.state == core::TrialState::failed ? 1 : 0;
  counts.invalid += t.state == core::TrialState::invalid ? 1 : 0;
  counts.duplicates += t.duplicate_of ? 1 : 0;
  counts.infeasible += scoring.is_infeasible(t) ? 1 : 0;
}

Json to_json(const OpenStudy& study, const Counts& counts, const std::vector<core::Trial>& best,
             const std::optional<core::Hypervolume>& volume) {
  Json json = {{"study", study.record.name},
               {"state", core::name_of(study.record.state)},
               {"objectives", Json::array()},
               {"trials",
                {{"finished", counts.finished},
                 {"completed", counts.completed},
                 {"pruned", counts.pruned},
                 {"failed", counts.failed},
                 {"invalid", counts.invalid},
                 {"paused", counts.paused},
                 {"infeasible", counts.infeasible},
                 {"duplicates", counts.duplicates}}},
               {"best", Json::array()}};
  for (const core::Objective& o : study.config.objectives) {
    json["objectives"].push_back(
        {{"metric", o.metric}, {"direction", o.direction == core::Direction::maximize ? "maximize" : "minimize"}});
  }
  const Json parameters = Json::parse(study.record.space_json);
  for (const core::Trial& trial : best) json["best"].push_back(trial_json(trial, parameters));
  if (volume) {
    json["hypervolume"] = {{"value", volume->value}, {"reference", Json::object()}};
    for (std::size_t k = 0; k < volume->reference.size(); ++k) {
      json["hypervolume"]["reference"][study.config.objectives[k].metric] = volume->reference[k];
    }
  }
  return json;
}

void print_volume(const core::StudyConfig& config, const core::Hypervolume& volume, bool fixed) {
  std::string reference;
  for (std::size_t k = 0; k < volume.reference.size(); ++k) {
    reference += fmt::format(" {}={}", config.objectives[k].metric, number_text(volume.reference[k]));
  }
  fmt::print("\nhypervolume {}, reference{}{}\n", number_text(volume.value), reference,
             fixed ? "" : " (the worst completed within the constraints; compare studies with one --reference)");
}

}  // namespace

Outcome show_study(const OpenStudy& study, const ShowStudyOptions& options) {
  const core::StudyConfig& config = study.config;
  const bool several = config.objectives.size() > 1;
  if (!several && !options.reference.empty()) {
    return core::fail(core::ErrorKind::invalid_input,
                      fmt::format("--reference is for several objectives; study {} has one", study.record.name));
  }
  const auto reference = reference_point(options.reference, config);
  if (!reference) return tl::unexpected(reference.error());
  core::Ranking ranking{core::Scoring(config)};
  Counts counts;
  const auto read = core::each_trial(*study.store, study.record.id, {.role = core::TrialRole::search}, [&](const core::Trial& trial) {
    count(ranking.scoring(), trial, counts);
    ranking.add(trial);
  });
  if (!read) return tl::unexpected(read.error());
  const auto best = best_trials(study, ranking, 1);
  if (!best) return tl::unexpected(best.error());
  const auto volume = several ? core::hypervolume(ranking, *reference) : std::nullopt;
  if (options.json) {
    fmt::print("{}\n", to_json(study, counts, *best, volume).dump(2));
    return ExitCode::done;
  }
  fmt::print("study  {} {}\n", study.record.name, core::name_of(study.record.state));
  fmt::print("trials {}: {} completed, {} pruned, {} failed, {} invalid, {} infeasible, {} duplicates{}\n",
             counts.finished, counts.completed, counts.pruned, counts.failed, counts.invalid, counts.infeasible,
             counts.duplicates, counts.paused > 0 ? fmt::format("; {} paused", counts.paused) : "");
  if (best->empty()) {
    fmt::print("no trial has completed within the constraints yet\n");
    return ExitCode::done;
  }
  fmt::print("\n{}", best_table(config, *best, Json::parse(study.record.space_json)).text());
  if (volume) print_volume(config, *volume, !options.reference.empty());
  return ExitCode::done;
}

}  // namespace nascent::cli
