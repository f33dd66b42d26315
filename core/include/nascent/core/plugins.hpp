// The plugins a study can use: found by their manifests, loaded when first needed, never unloaded.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::core {

// Value of an option's default; monostate = none.
using OptionValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>>;

// An owned copy of nas_option: outlives the manifest or library it came from.
struct OptionInfo {
  std::string name, help;
  std::uint32_t type = NAS_O_STR;  // NAS_O_*
  bool required = false;
  bool searchable = false;  // may be a distribution in TOML
  double lo, hi;            // inclusive; infinite = none
  OptionValue dflt;
  std::vector<std::string> choices;
};

// An owned copy of nas_metric_info.
struct MetricInfo {
  std::string name, help;
  std::uint32_t direction = NAS_DIRECTION_NONE;  // NAS_MINIMIZE, NAS_MAXIMIZE
  std::uint32_t needs = 0;                       // NAS_NEEDS_*
};

// A name that stores, TOML and tables can carry: [a-z][a-z0-9_]*, at most so many characters.
inline constexpr std::size_t kMetricNameSizeMax = 64;
bool is_metric_name(std::string_view name);

// "bool", "int", "float", "text", "choice", "path", "seconds", "ints", "floats", "texts", "table".
std::string_view option_type_name(std::uint32_t type);

struct PluginInfo {
  std::filesystem::path path;  // absolute; empty for a built-in
  std::string id, version;
  std::string build;   // compiler, and what must be unique per process: "g++ 12.2.0; libtorch 1.13.1"
  std::string sha256;  // of the file, 64 hex digits; empty for a built-in
  std::uint32_t abi_minor = 0, abi_minor_min = 0;
};

struct ComponentInfo {
  std::string kind;  // NAS_KIND_*: "nascent.sampler/1"
  std::string id, alias, version, title;
  std::uint32_t flags = 0;
  std::vector<OptionInfo> options;
  std::vector<MetricInfo> metrics;  // of a trainer's reports, where they are known in advance
  std::shared_ptr<const PluginInfo> plugin;
};

// Owned copy of a component's description. `plugin` may be null.
ComponentInfo component_info(const nas_component& component, std::shared_ptr<const PluginInfo> plugin = {});

// "nascent.sampler/1" -> "sampler"; a third party's kind stays as it is.
std::string_view kind_name(std::string_view kind);

// A library that was looked at and not accepted: path, rule broken, way out.
struct Refusal {
  std::filesystem::path path;
  std::string message;
};

// Everything that can be named in a study. Copies share their content. Threads: discover() and load() on the main
// thread; the rest from any thread.
class PluginCatalog {
 public:
  struct Settings {
    std::vector<std::filesystem::path> search_path;  // [plugins].path: searched before everything else
    std::vector<std::string> allow;                  // "sha256:<64 hex digits>"; empty = every library may be loaded
    std::filesystem::path prober;  // the `nascent` tool: reads a library without manifest in a child process; "" = here
  };

  // Reads the manifests (foo.nascent.json beside foo.so) of the search path; runs no plugin code. Search path:
  // settings.search_path, NASCENT_PLUGIN_PATH (ignored when privileged), ../lib/nascent/plugins beside the executable,
  // the install prefix. Earlier folders win; a folder that does not exist is passed over unless it is a setting.
  static Result<PluginCatalog> discover(Settings settings = {});

  // A catalog of nothing but what register_builtin() adds.
  static PluginCatalog empty();

  // Adds components linked into this program. `plugin` must outlive the process's use of it. Shadows found plugins.
  Result<void> register_builtin(const nas_plugin* plugin);

  // All components, sorted by kind and alias. Reads libraries without a manifest.
  [[nodiscard]] std::vector<ComponentInfo> components() const;
  // Libraries found on the search path and not accepted.
  [[nodiscard]] std::vector<Refusal> refusals() const;
  [[nodiscard]] std::vector<std::filesystem::path> search_path() const;

  // `kind` is "sampler" or NAS_KIND_SAMPLER; `name` an alias or an id.
  [[nodiscard]] Result<ComponentInfo> find(std::string_view kind, std::string_view name) const;

  // Loads the library if need be, shakes hands, checks sha256 against manifest and allow-list, calls init once.
  // The component lives to the end of the process.
  Result<const nas_component*> load(std::string_view kind, std::string_view name);

 private:
  struct State;
  explicit PluginCatalog(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// Loads one library and checks it against the rules of the ABI, without any catalog. Never unloaded.
Result<const nas_plugin*> load_library(const std::filesystem::path& path);

// The sidecar manifest of a library as JSON text, made by loading it here; see manifest_path().
Result<std::string> manifest_json(const std::filesystem::path& library);
// "dir/foo.so" -> "dir/foo.nascent.json".
std::filesystem::path manifest_path(const std::filesystem::path& library);
// Writes the manifest beside the library, atomically.
Result<std::filesystem::path> write_manifest(const std::filesystem::path& library);

// The host as plugins see it: log lines go to spdlog. Lives to the end of the process.
const nas_host& host();

}  // namespace nascent::core
