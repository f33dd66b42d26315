#include "protocol.hpp"

#include <cctype>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

namespace command {
namespace {

using Json = nlohmann::ordered_json;

Json value_json(const nas_param& parameter, double x) {
  if (parameter.kind == NAS_P_INT) return static_cast<std::int64_t>(x);
  if (parameter.kind == NAS_P_FLOAT) return x;
  const nas_value& choice = parameter.choices[static_cast<std::size_t>(x)];
  switch (choice.type) {
    case NAS_T_BOOL: return choice.u.i != 0;
    case NAS_T_INT: return choice.u.i;
    case NAS_T_FLOAT: return choice.u.f;
    default: return std::string(choice.u.s, choice.n);
  }
}

// Active parameters with the names a script knows them by.
std::vector<std::pair<std::string, Json>> parameters(const nascent::TrainRequest& request) {
  std::vector<std::pair<std::string, Json>> all;
  for (std::size_t i = 0; i < request.space.size(); ++i) {
    if (request.configuration.active[i] == 0) continue;
    std::string_view name = request.space[i].name();
    if (name.starts_with("space.")) name.remove_prefix(6);
    all.emplace_back(name, value_json(request.space.param(i), request.configuration.x[i]));
  }
  return all;
}

Json architecture_json(const nascent::Graph& graph) {
  Json nodes = Json::array(), outputs = Json::array();
  for (const nascent::Node& node : graph.nodes()) {
    Json inputs = Json::array(), attributes = Json::object();
    for (const nascent::Edge& edge : node.inputs) inputs.push_back({edge.node.value, edge.output});
    for (const auto& [name, value] : node.attributes) {
      std::visit([&attributes, &key = name](const auto& v) { attributes[key] = v; }, value);
    }
    nodes.push_back({{"op", node.op}, {"name", node.name}, {"weight_group", node.weight_group}, {"inputs", inputs}, {"attributes", attributes}});
  }
  for (const nascent::Edge& edge : graph.outputs()) outputs.push_back({edge.node.value, edge.output});
  return {{"nodes", nodes}, {"outputs", outputs}};
}

// Numbers that are not finite stand bare as Python's json (NaN, Infinity) or C (nan, inf) writes them, which is no JSON: as
// null they reach the reader. Text in quotes, such as a metric's name, stays as it is.
std::string with_nulls(std::string_view line) {
  std::string text;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size();) {
    const std::string_view rest = line.substr(i);
    std::size_t length = 1;
    if (quoted) {
      length = rest[0] == '\\' && rest.size() > 1 ? 2 : 1;
    } else {
      for (const std::string_view word : {"-Infinity", "Infinity", "NaN", "-inf", "inf", "-nan", "nan"}) {
        if (rest.starts_with(word)) length = word.size();
      }
    }
    if (rest[0] == '"') quoted = !quoted;
    text += !quoted && length > 1 ? std::string_view("null") : rest.substr(0, length);
    i += length;
  }
  return text;
}

std::string device_text(const nascent::Task& task) {
  if (task.device_type() == 2) return "cuda:" + std::to_string(task.device_id());
  return task.device_type() == 1 ? "cpu" : "auto";
}

[[noreturn]] void refuse(std::string_view line, const std::string& rule) {
  throw nascent::Error(NAS_E_INTERNAL, "report '" + std::string(line.substr(0, 120)) + "' " + rule);
}

}  // namespace

std::string trial_json(const nascent::Task& task, const nascent::TrainRequest& request) {
  static constexpr const char* units[] = {"epochs", "steps", "seconds", "fraction"};
  if (request.budget.unit >= std::size(units)) {
    throw nascent::Error(NAS_E_UNSUPPORTED, "trainer command knows no budget in unit " + std::to_string(request.budget.unit) + "; it is older than this study's host");
  }
  Json values = Json::object();
  for (auto& [name, value] : parameters(request)) values[name] = value;
  const bool counted = request.budget.unit == NAS_UNIT_EPOCH || request.budget.unit == NAS_UNIT_STEP;
  const auto spent = [&](double units_spent) {
    return counted && units_spent == std::floor(units_spent) ? Json(static_cast<std::int64_t>(units_spent)) : Json(units_spent);
  };
  const Json trial = {{"trial", task.trial_id()},
                      {"seed", task.seed()},
                      {"threads", task.threads()},
                      {"device", device_text(task)},
                      {"budget", {{"unit", units[request.budget.unit]}, {"from", spent(request.budget.from)}, {"to", spent(request.budget.to)}}},
                      {"parameters", values},
                      {"architecture", request.graph ? architecture_json(*request.graph) : Json(nullptr)},
                      {"artifact_dir", task.artifact_dir()},
                      {"checkpoint_dir", request.checkpoint_dir},
                      {"resume_dir", request.resume_dir},
                      {"inherit_dir", request.inherit_dir}};
  return trial.dump(2);
}

std::vector<std::string> parameter_environment(const nascent::TrainRequest& request) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : parameters(request)) {
    std::string variable = "NASCENT_PARAM_";
    for (const char c : name) variable += std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
    environment.push_back(variable + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return environment;
}

ReportLine parse_report(std::string_view line, std::optional<double> next_budget) {
  const Json json = Json::parse(with_nulls(line), nullptr, false);
  if (!json.is_object()) refuse(line, "is no JSON object; write one object a line, names in double quotes, such as {\"val_accuracy\": 0.9}");
  ReportLine report;
  std::optional<double> spent = next_budget;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_number() && !value.is_null()) refuse(line, "has '" + name + "', which is no number; metrics are numbers");
    const double number = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
    if (name == "budget") {
      if (!std::isfinite(number)) refuse(line, "has a budget that is not finite; give what was spent so far");
      spent = number;
    } else {
      report.metrics.emplace_back(name, number);
    }
  }
  if (!spent) refuse(line, "names no budget; where a budget is a fraction of the training rows each report says which, such as \"budget\": 0.25");
  report.budget = *spent;
  if (report.metrics.empty()) refuse(line, "holds no metric; name at least one, such as \"val_accuracy\"");
  return report;
}

}  // namespace command
