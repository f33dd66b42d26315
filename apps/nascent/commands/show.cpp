// nascent show: a study in short, or everything about one trial.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "commands/show_study.hpp"
#include "components.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/lineage.hpp"
#include "nascent/graph.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct ShowOptions {
  StudyArgument study;
  std::optional<core::TrialId> trial;
  std::vector<std::string> reference;
  bool dot = false, json = false;
};

// Empty for a space without architectures, or a configuration that has none.
core::Result<std::optional<nascent::Graph>> architecture(const OpenStudy& study, const core::Trial& trial) {
  auto components = load_components(study);
  if (!components) return tl::unexpected(components.error());
  const auto space = load_space(*components);
  if (!space) return tl::unexpected(space.error());
  const auto graph = space->build(trial.configuration.x.data(), trial.configuration.active.data());
  if (!graph) {
    if (graph.error().status == NAS_E_INVALID) return std::nullopt;
    return tl::unexpected<core::Error>(graph.error());
  }
  if (*graph == nullptr) return std::nullopt;
  return nascent::Graph::from_abi(**graph);
}

// The side of a square matrix that an evaluator gave row by row ("confusion_matrix"); 0 for anything else.
std::size_t side_of_matrix(const std::string& name, const nlohmann::ordered_json& value) {
  if (!name.ends_with("matrix") || !value.is_array()) return 0;
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(value.size()))));
  return side * side == value.size() ? side : 0;
}

// What evaluators gave besides numbers.
void print_details(const core::Trial& trial) {
  constexpr std::size_t shown_max = 1024;  // values of one detail
  const auto details = nlohmann::ordered_json::parse(trial.details_json, nullptr, /*allow_exceptions=*/false);
  if (!details.is_object()) return;
  for (const auto& [name, value] : details.items()) {
    const std::size_t side = side_of_matrix(name, value);
    if (value.is_array() && value.size() > shown_max) {
      fmt::print("\n{}  {} values, see --json\n", name, value.size());
    } else if (side == 0) {
      fmt::print("\n{}  {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
    } else {
      std::vector<std::string> header{name};
      for (std::size_t column = 0; column < side; ++column) header.push_back(std::to_string(column));
      TextTable table(header);
      for (std::size_t row = 0; row < side; ++row) {
        std::vector<std::string> cells{std::to_string(row)};
        for (std::size_t column = 0; column < side; ++column) cells.push_back(value[row * side + column].dump());
        table.add(std::move(cells));
      }
      fmt::print("\n{}", table.text());
    }
  }
}

void print_trial(const core::Trial& trial, const nlohmann::ordered_json& parameters) {
  fmt::print("trial {} {} {}\n", trial.id, core::name_of(trial.role), state_text(trial));
  if (!trial.message.empty()) fmt::print("message  {}\n", trial.message);
  if (trial.parent && trial.role == core::TrialRole::final) fmt::print("trains   trial {} again\n", *trial.parent);
  if (trial.parent && trial.role == core::TrialRole::search) fmt::print("goes on  from trial {}\n", *trial.parent);
  fmt::print("seed     {}\nattempts {}{}\n", trial.seed, trial.attempts, trial.worker.empty() ? "" : ", last on " + trial.worker);
  if (trial.finished_at > 0) fmt::print("finished {}, {} of training and evaluation\n", time_text(trial.finished_at), duration_text(trial.cost_seconds));
  if (!trial.architecture_hash.empty()) fmt::print("hash     {}\n", trial.architecture_hash);
  TextTable values({"parameter", "value"});
  const auto configuration = configuration_json(trial.configuration, parameters);
  for (const auto& [name, value] : configuration.items()) {
    values.add({name, value.is_string() ? value.get<std::string>() : value.dump()});
  }
  fmt::print("\n{}", values.text());
  TextTable metrics({"metric", "value"});
  for (const core::Metric& metric : trial.metrics) metrics.add({metric.name, number_text(metric.value, 8)});
  if (!metrics.empty()) fmt::print("\n{}", metrics.text());
  print_details(trial);
}

// Which options held from which budget on: of those that have changed on the way.
void print_lineage(const std::vector<core::Ancestor>& lineage, const nlohmann::ordered_json& parameters) {
  if (lineage.empty()) return;
  std::vector<nlohmann::ordered_json> options;
  for (const core::Ancestor& a : lineage) options.push_back(configuration_json(a.trial.configuration, parameters));
  std::vector<std::string> header{"from", "trial"};
  for (const auto& parameter : parameters) {
    const std::string name = parameter.at("name");
    const auto value = [&](const auto& of) { return of.value(name, nlohmann::ordered_json()); };
    if (!std::ranges::all_of(options, [&](const auto& of) { return value(of) == value(options.front()); })) header.push_back(name);
  }
  TextTable table(header);
  for (std::size_t i = 0; i < lineage.size(); ++i) {
    std::vector<std::string> row{number_text(lineage[i].from), std::to_string(lineage[i].trial.id)};
    for (std::size_t column = 2; column < header.size(); ++column) {
      const auto value = options[i].value(header[column], nlohmann::ordered_json());
      row.push_back(value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.is_number_float() ? number_text(value) : value.dump());
    }
    table.add(std::move(row));
  }
  fmt::print("\n{}", table.text());
}

void print_reports(const std::vector<core::ReportRecord>& reports) {
  if (reports.empty()) return;
  std::vector<std::string> header{"budget"};
  for (const core::Metric& metric : reports[0].report.metrics) header.push_back(metric.name);
  const std::size_t width = header.size();
  TextTable table(header);
  for (const core::ReportRecord& record : reports) {
    std::vector<std::string> row{number_text(record.report.budget)};
    for (const core::Metric& metric : record.report.metrics) row.push_back(number_text(metric.value));
    row.resize(width);
    table.add(std::move(row));
  }
  fmt::print("\n{}", table.text());
}

Outcome show(const ShowOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  if (!options.trial) return show_study(*study, {options.reference, options.json});
  const auto trial = find_trial(*study, *options.trial);
  if (!trial) return tl::unexpected(trial.error());
  const auto parameters = nlohmann::ordered_json::parse(study->record.space_json);
  const auto reports = study->store->reports(study->record.id, trial->id);
  if (!reports) return tl::unexpected(reports.error());
  const auto lineage = core::lineage(*study->store, study->record.id, *trial);
  if (!lineage) return tl::unexpected(lineage.error());
  if (options.json) {
    auto json = trial_json(*trial, parameters);
    for (const core::Ancestor& a : *lineage) {
      json["lineage"].push_back({{"trial", a.trial.id}, {"from", a.from}, {"parameters", configuration_json(a.trial.configuration, parameters)}});
    }
    json["reports"] = nlohmann::ordered_json::array();
    for (const core::ReportRecord& record : *reports) {
      nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
      for (const core::Metric& metric : record.report.metrics) metrics[metric.name] = metric.value;
      json["reports"].push_back({{"budget", record.report.budget}, {"metrics", metrics}});
    }
    fmt::print("{}\n", json.dump(2));
    return ExitCode::done;
  }
  const auto graph = architecture(*study, *trial);
  if (!graph) {
    // The rows can be read without the study's plugins and data.
    if (options.dot) return tl::unexpected(graph.error());
    print_trial(*trial, parameters);
    print_lineage(*lineage, parameters);
    print_reports(*reports);
    fmt::print(stderr, "nascent: no architecture shown: {}\n", graph.error().message);
    return ExitCode::done;
  }
  if (options.dot) {
    if (!*graph) return core::fail(core::ErrorKind::invalid_input, fmt::format("trial {} has no architecture", trial->id));
    fmt::print("{}", nascent::to_dot(**graph));
    return ExitCode::done;
  }
  print_trial(*trial, parameters);
  print_lineage(*lineage, parameters);
  print_reports(*reports);
  if (*graph) fmt::print("\n{}", nascent::to_text(**graph));
  return ExitCode::done;
}

}  // namespace

void add_show(Commands& commands) {
  commands.add<ShowOptions>(
      nullptr, "show", "Show a study in short, or everything about one trial with its architecture",
      [](CLI::App& command, ShowOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        auto* trial = command.add_option("trial", o.trial, "number of the trial; the whole study without one")->check(whole_number());
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--reference", o.reference, "point beyond which the hypervolume of several objectives lies: val_accuracy=0.5")
            ->type_name("METRIC=VALUE ...")
            ->excludes(trial);
        auto* dot = command.add_flag("--dot", o.dot, "only the architecture, as Graphviz dot")->needs(trial);
        command.add_flag("--json", o.json, "as JSON, with all reports")->excludes(dot);
      },
      show);
}

}  // namespace nascent::cli
