#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/settings.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/store_location.hpp"

namespace nascent::core {
namespace {

using namespace config;
using Json = nlohmann::ordered_json;

// The study as a tree again, sections in the order of the reference.
class TreeWriter {
 public:
  ConfigValue::Table write(const StudyConfig& study) {
    write_settings(study);
    for (const ComponentConfig* component : components(study)) write_component(*component);
    write_running(study);
    return std::move(root_);
  }

 private:
  using Table = ConfigValue::Table;

  static void put(Table& table, std::string key, decltype(ConfigValue::data) value) {
    table.push_back({std::move(key), {}, {std::move(value), {}}});
  }
  template <class T>
  static void put(Table& table, std::string key, const std::optional<T>& value) {
    if (!value) return;
    if constexpr (std::is_same_v<T, std::uint64_t>)
      put(table, std::move(key), static_cast<std::int64_t>(*value));
    else
      put(table, std::move(key), *value);
  }
  static void put_budget(Table& table, const Budget& budget) {
    const std::string& unit = unit_names()[static_cast<std::size_t>(budget.unit)];
    if (is_counted(budget.unit))
      put(table, unit, static_cast<std::int64_t>(budget.amount));
    else
      put(table, unit, budget.amount);
  }
  // In the short form where that says it all.
  static void put_retries(Table& table, const Retries& retries) {
    const std::uint32_t crashed = retries[FailureReason::crashed];
    if (retries == Retries::of_accidents(crashed)) return put(table, "retries", std::int64_t{crashed});
    Table by_reason;
    for (const FailureReason reason : Retries::kReasons)
      put(by_reason, std::string(name_of(reason)), std::int64_t{retries[reason]});
    put(table, "retries", std::move(by_reason));
  }
  // Appends to the list of sections [[key]].
  void append(std::string_view key, Table table) {
    ConfigValue* list = find(root_, key);
    if (list == nullptr) {
      put(root_, std::string(key), ConfigValue::Array{});
      list = &root_.back().value;
    }
    list->array()->push_back({std::move(table), {}});
  }

  void write_settings(const StudyConfig& study) {
    Table s;
    put(s, "name", study.name);
    put(s, "seed", static_cast<std::int64_t>(study.seed));
    put(s, "parallel", std::int64_t{study.parallel});
    put(s, "deterministic", study.deterministic);
    put(s, "duplicates", duplicates_names()[static_cast<std::size_t>(study.duplicates)]);
    put(s, "store", study.store);
    put(root_, "study", std::move(s));

    for (const Objective& o : study.objectives) {
      Table t;
      put(t, "metric", o.metric);
      put(t, "direction", direction_names()[static_cast<std::size_t>(o.direction)]);
      append("objective", std::move(t));
    }
    for (const Constraint& c : study.constraints) {
      Table t;
      put(t, "metric", c.metric);
      put(t, "min", c.min);
      put(t, "max", c.max);
      append("constraint", std::move(t));
    }

    Table a;
    put(a, "rule", acceptance_names()[static_cast<std::size_t>(study.acceptance.rule)]);
    if (study.acceptance.rule == AcceptanceRule::threshold) put(a, "threshold", study.acceptance.threshold);
    if (study.acceptance.rule == AcceptanceRule::metropolis) put(a, "temperature", study.acceptance.temperature);
    put(root_, "acceptance", std::move(a));

    Table stop;
    put(stop, "trials", study.stop.trials);
    put(stop, "wall_time", study.stop.wall_seconds);
    put(stop, "target", study.stop.target);
    put(stop, "no_improvement", study.stop.no_improvement);
    put(stop, "train_seconds", study.stop.train_seconds);
    put(root_, "stop", std::move(stop));

    Table budget;
    put_budget(budget, study.budget);
    put(root_, "budget", std::move(budget));
    Table validation;
    put(validation, "share", study.validation.share);
    put(root_, "validation", std::move(validation));
  }

  void write_component(const ComponentConfig& component) {
    Table t;
    put(t, "type", component.type);
    if (component.isolation == Isolation::process) {
      put(t, "isolation", isolation_names()[static_cast<std::size_t>(component.isolation)]);
      put(t, "call_seconds_max", component.call_seconds_max);
    }
    t.insert(t.end(), component.options.begin(), component.options.end());
    if (component.path.find('.') == std::string::npos)
      put(root_, component.path, std::move(t));
    else
      append(kind_of_path(component.path), std::move(t));
  }

  void write_warm_start(const WarmStart& warm_start) {
    Table w;
    ConfigValue::Array studies;
    for (const WarmStart::Earlier& e : warm_start.studies)
      studies.push_back({e.name.empty() ? e.store : e.store + "#" + e.name, {}});
    put(w, "configurations", warm_start.configurations);
    put(w, "studies", std::move(studies));
    put(w, "top", std::int64_t{warm_start.top});
    put(root_, "warm_start", std::move(w));
  }

  void write_running(const StudyConfig& study) {
    Table w;
    put(w, "execution", execution_names()[static_cast<std::size_t>(study.workers.execution)]);
    put(w, "count", std::int64_t{study.workers.count});
    ConfigValue::Array devices, writable;
    for (const Device& device : study.workers.devices) devices.push_back({to_string(device), {}});
    if (devices.empty()) devices.push_back({to_string(Device{}), {}});
    put(w, "devices", std::move(devices));
    put(w, "memory", study.workers.memory);
    if (!study.workers.artifacts.empty()) put(w, "artifacts", study.workers.artifacts.string());
    if (files_in_store(study)) put(w, "artifact_bytes_max", static_cast<std::int64_t>(study.workers.artifact_bytes_max));
    put(w, "trial_seconds_max", study.workers.trial_seconds_max);
    put(w, "memory_bytes_max", study.workers.memory_bytes_max);
    put(w, "disk_bytes_max", study.workers.disk_bytes_max);
    put_retries(w, study.workers.retries);
    put(w, "failure_rate_max", study.workers.failure_rate_max);
    put(w, "recycle_after_trials", study.workers.recycle_after_trials);
    put(w, "confine", study.workers.confine);
    for (const auto& path : study.workers.writable) writable.push_back({path.string(), {}});
    if (!writable.empty()) put(w, "writable", std::move(writable));
    put(root_, "workers", std::move(w));

    if (study.final.top > 0) {
      Table f;
      put(f, "top", std::int64_t{study.final.top});
      put(f, "seeds", std::int64_t{study.final.seeds});
      put_budget(f, study.final.budget);
      put(root_, "final", std::move(f));
    }

    if (!study.warm_start.configurations.empty() || !study.warm_start.studies.empty()) write_warm_start(study.warm_start);

    Table p;
    ConfigValue::Array paths, allow;
    for (const auto& path : study.plugins.path) paths.push_back({path.string(), {}});
    for (const std::string& hash : study.plugins.allow) allow.push_back({hash, {}});
    put(p, "path", std::move(paths));
    put(p, "allow", std::move(allow));
    put(root_, "plugins", std::move(p));
  }

  Table root_;
};

void write_section(const std::string& header, const ConfigValue::Table& table, std::string& text) {
  text += (text.empty() ? "" : "\n") + header + "\n";
  for (const ConfigMember& member : table) text += toml_key(member.key) + " = " + to_toml(member.value) + "\n";
}

Json json_of(const ConfigValue& value) {
  if (const auto* members = value.table()) {
    Json json = Json::object();
    for (const ConfigMember& member : *members) json[member.key] = json_of(member.value);
    return json;
  }
  if (const auto* elements = value.array()) {
    Json json = Json::array();
    for (const ConfigValue& element : *elements) json.push_back(json_of(element));
    return json;
  }
  if (const auto* b = std::get_if<bool>(&value.data)) return *b;
  if (const auto* i = std::get_if<std::int64_t>(&value.data)) return *i;
  if (const auto* d = std::get_if<double>(&value.data)) return *d;
  return *value.text();
}

}  // namespace

bool files_in_store(const StudyConfig& config) {
  return is_url(config.store) && config.workers.artifacts.empty() && config.workers.execution == Execution::workers;
}

std::string resolved_toml(const StudyConfig& study) {
  std::string text;
  for (const ConfigMember& section : TreeWriter().write(study)) {
    if (const auto* table = section.value.table()) {
      write_section("[" + section.key + "]", *table, text);
    } else {
      for (const ConfigValue& element : *section.value.array())
        write_section("[[" + section.key + "]]", *element.table(), text);
    }
  }
  return text;
}

std::string resolved_json(const StudyConfig& study) {
  return json_of({TreeWriter().write(study), {}}).dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nascent::core
