#include "display/trial_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>

namespace nascent::cli {

using Json = nlohmann::ordered_json;

std::string number_text(double value, int digits) {
  if (std::isnan(value)) return "-";
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}g}", value, digits);
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<long>(seconds);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole % 3600 / 60);
}

std::string time_text(double unix_seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(unix_seconds)));
}

double metric_of(const core::Trial& trial, const std::string& name) {
  for (const core::Metric& metric : trial.metrics) {
    if (metric.name == name) return metric.value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string metric_column(const std::string& metric, std::initializer_list<std::string_view> others) {
  return std::ranges::find(others, metric) == others.end() ? metric : "metric." + metric;
}

std::string state_text(const core::Trial& trial) {
  std::string text(core::name_of(trial.state));
  if (trial.reason != core::FailureReason::none) text += " (" + std::string(core::name_of(trial.reason)) + ")";
  if (trial.duplicate_of) text += " (as " + std::to_string(*trial.duplicate_of) + ")";
  return text;
}

Json configuration_json(const core::Configuration& configuration, const Json& parameters) {
  Json values = Json::object();
  for (std::size_t i = 0; i < configuration.x.size() && i < parameters.size(); ++i) {
    if (configuration.active[i] == 0) continue;
    const Json& parameter = parameters[i];
    const std::string name = parameter.at("name");
    const double x = configuration.x[i];
    if (parameter.contains("choices")) {
      values[name] = parameter.at("choices").at(static_cast<std::size_t>(x));
    } else if (x == std::floor(x) && parameter.value("kind", "") == "integer") {
      values[name] = static_cast<std::int64_t>(x);
    } else {
      values[name] = x;
    }
  }
  return values;
}

Json trial_json(const core::Trial& trial, const Json& parameters) {
  Json metrics = Json::object();
  for (const core::Metric& metric : trial.metrics) metrics[metric.name] = metric.value;
  Json json = {{"trial", trial.id},
               {"role", core::name_of(trial.role)},
               {"state", core::name_of(trial.state)},
               {"reason", core::name_of(trial.reason)},
               {"message", trial.message},
               {"parameters", configuration_json(trial.configuration, parameters)},
               {"metrics", metrics},
               {"accepted", trial.accepted},
               {"seed", trial.seed},
               {"architecture_hash", trial.architecture_hash},
               {"budget_spent", trial.budget_spent},
               {"attempts", trial.attempts},
               {"worker", trial.worker},
               {"queued_at", trial.queued_at},
               {"started_at", trial.started_at},
               {"finished_at", trial.finished_at},
               {"cost_seconds", trial.cost_seconds},
               {"artifact_dir", trial.artifact_dir}};
  if (trial.duplicate_of) json["duplicate_of"] = *trial.duplicate_of;
  if (trial.parent) json["parent"] = *trial.parent;
  if (!trial.details_json.empty()) json["details"] = Json::parse(trial.details_json, nullptr, false);
  return json;
}

std::string configuration_text(const core::Configuration& configuration, const Json& parameters) {
  std::string text;
  const Json values = configuration_json(configuration, parameters);
  for (const auto& [name, value] : values.items()) {
    const std::string shown = value.is_string() ? value.get<std::string>() : value.is_number_float() ? number_text(value) : value.dump();
    text += (text.empty() ? "" : " ") + name + "=" + shown;
  }
  return text;
}

}  // namespace nascent::cli
