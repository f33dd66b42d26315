// nascent plugin: what is installed, what it offers, whether it keeps the rules.
#include <fmt/format.h>

#include <cmath>
#include <nascent/options.hpp>
#include <nlohmann/json.hpp>

#include "catalog.hpp"
#include "command.hpp"
#include "commands/plugin_check.hpp"
#include "commands/plugin_new.hpp"
#include "display/text_table.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

using Json = nlohmann::ordered_json;

Json default_json(const core::OptionInfo& option) {
  const auto* text = std::get_if<std::string>(&option.dflt);
  if (text != nullptr && option.type == NAS_O_STRS) return nascent::default_texts(*text);
  return std::visit([](const auto& v) -> Json {
    if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) {
      return nullptr;
    } else {
      return v;
    }
  }, option.dflt);
}

std::string_view direction_text(std::uint32_t direction) {
  return direction == NAS_MINIMIZE ? "minimize" : direction == NAS_MAXIMIZE ? "maximize" : "none";
}

Json component_json(const core::ComponentInfo& component) {
  Json options = Json::array();
  for (const core::OptionInfo& option : component.options) {
    Json json = {{"name", option.name}, {"type", core::option_type_name(option.type)}, {"help", option.help}};
    if (std::isfinite(option.lo)) json["min"] = option.lo;
    if (std::isfinite(option.hi)) json["max"] = option.hi;
    if (!option.choices.empty()) json["choices"] = option.choices;
    if (!std::holds_alternative<std::monostate>(option.dflt)) json["default"] = default_json(option);
    json["required"] = option.required;
    json["searchable"] = option.searchable;
    options.push_back(std::move(json));
  }
  Json metrics = Json::array();
  for (const core::MetricInfo& metric : component.metrics) {
    metrics.push_back({{"name", metric.name}, {"help", metric.help}, {"direction", direction_text(metric.direction)}});
  }
  Json json = {{"kind", core::kind_name(component.kind)}, {"id", component.id}, {"alias", component.alias},
               {"version", component.version}, {"title", component.title}, {"options", std::move(options)}, {"metrics", std::move(metrics)}};
  if (component.plugin) {
    json["plugin"] = {{"id", component.plugin->id}, {"version", component.plugin->version}, {"path", component.plugin->path.string()},
                      {"build", component.plugin->build}, {"sha256", component.plugin->sha256}};
  }
  return json;
}

struct ListOptions {
  std::string kind;
  std::vector<std::string> path;
  bool json = false;
};

core::Result<core::PluginCatalog> catalog_of(const std::vector<std::string>& path) {
  return discover_plugins({{path.begin(), path.end()}, {}});
}

Outcome list(const ListOptions& options) {
  const auto catalog = catalog_of(options.path);
  if (!catalog) return tl::unexpected(catalog.error());
  Json all = Json::array();
  TextTable table({"kind", "alias", "version", "title", "from"});
  for (const core::ComponentInfo& component : catalog->components()) {
    const std::string kind(core::kind_name(component.kind));
    if (!options.kind.empty() && kind != options.kind) continue;
    all.push_back(component_json(component));
    table.add({kind, component.alias, component.version, component.title, component.plugin ? component.plugin->path.string() : "built in"});
  }
  if (options.json) {
    fmt::print("{}\n", all.dump(2));
  } else {
    fmt::print("{}", table.text());
    if (table.empty()) {
      for (const auto& folder : catalog->search_path()) fmt::print("searched {}\n", folder.string());
    }
  }
  for (const core::Refusal& refusal : catalog->refusals()) fmt::print(stderr, "nascent: {}\n", refusal.message);
  return ExitCode::done;
}

struct InspectOptions {
  std::string kind, name;
  std::vector<std::string> path;
  bool json = false;
};

std::string range_text(const core::OptionInfo& option) {
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, " | "));
  if (std::isfinite(option.lo) || std::isfinite(option.hi)) return fmt::format("[{}, {}]", option.lo, option.hi);
  return "";
}

Outcome inspect(const InspectOptions& options) {
  const auto catalog = catalog_of(options.path);
  if (!catalog) return tl::unexpected(catalog.error());
  const auto component = catalog->find(options.kind, options.name);
  if (!component) return tl::unexpected(component.error());
  if (options.json) {
    fmt::print("{}\n", component_json(*component).dump(2));
    return ExitCode::done;
  }
  fmt::print("{} {} {}: {}\n", core::kind_name(component->kind), component->alias, component->version, component->title);
  fmt::print("id       {}\n", component->id);
  if (component->plugin) {
    fmt::print("library  {}\nbuild    {}\nABI      1.{} (needs 1.{})\nsha256   {}\n", component->plugin->path.string(), component->plugin->build,
               component->plugin->abi_minor, component->plugin->abi_minor_min, component->plugin->sha256);
  }
  TextTable table({"option", "type", "default", "range", "", "help"});
  for (const core::OptionInfo& option : component->options) {
    const Json value = default_json(option);
    table.add({option.name, std::string(core::option_type_name(option.type)), value.is_null() ? (option.required ? "required" : "-") : value.dump(),
               range_text(option), option.searchable ? "searchable" : "", option.help});
  }
  if (!table.empty()) fmt::print("\n{}", table.text());
  TextTable reported({"metric", "better", "help"});
  for (const core::MetricInfo& metric : component->metrics) {
    reported.add({metric.name, metric.direction == NAS_MINIMIZE ? "small" : metric.direction == NAS_MAXIMIZE ? "large" : "-", metric.help});
  }
  if (!reported.empty()) fmt::print("\n{}", reported.text());
  return ExitCode::done;
}

struct ManifestOptions {
  std::vector<std::string> libraries;
  bool print = false;
};

Outcome manifest(const ManifestOptions& options) {
  for (const std::string& library : options.libraries) {
    if (options.print) {
      const auto json = core::manifest_json(library);
      if (!json) return tl::unexpected(json.error());
      fmt::print("{}\n", *json);
    } else {
      const auto path = core::write_manifest(library);
      if (!path) return tl::unexpected(path.error());
      fmt::print("{}\n", path->string());
    }
  }
  return ExitCode::done;
}

}  // namespace

void add_plugin(Commands& commands) {
  CLI::App* plugin = commands.app().add_subcommand("plugin", "List, inspect, check and make plugins");
  plugin->require_subcommand(1);
  commands.add<ListOptions>(
      plugin, "list", "List the components that studies can name",
      [](CLI::App& command, ListOptions& o) {
        command.add_option("kind", o.kind, "only components of this kind")->check(a_kind());
        command.add_option("--path", o.path, "folder to search first");
        command.add_flag("--json", o.json, "as JSON, with options");
      },
      list);
  commands.add<InspectOptions>(
      plugin, "inspect", "Show a component and its options",
      [](CLI::App& command, InspectOptions& o) {
        command.add_option("kind", o.kind, "kind of the component")->required()->check(a_kind());
        command.add_option("name", o.name, "its alias or id")->required();
        command.add_option("--path", o.path, "folder to search first");
        command.add_flag("--json", o.json, "as JSON");
      },
      inspect);
  add_plugin_check(commands, plugin);
  commands.add<ManifestOptions>(
      plugin, "manifest", "Write the manifest that lets a plugin be listed without loading it",
      [](CLI::App& command, ManifestOptions& o) {
        command.add_option("library", o.libraries, "shared library of the plugin")->required()->check(CLI::ExistingFile);
        command.add_flag("--stdout", o.print, "print it instead of writing it beside the library");
      },
      manifest);
  add_plugin_new(commands, plugin);
}

}  // namespace nascent::cli
