// The options of one component: from the file, through its schema, to what the plugin is given.
#pragma once

#include <nascent/abi.h>

#include <filesystem>
#include <memory>
#include <nascent/space_declaration.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nascent/core/config_value.hpp"
#include "nascent/core/diagnostics.hpp"
#include "nascent/core/plugins.hpp"

namespace nascent::core {

// Options by JSON pointer ("/stages/0/width"), in document order, viewable as nas_config. An empty array is an array of
// no elements; an empty table is monostate (NAS_T_NULL) under its own pointer.
class OptionTable {
 public:
  OptionTable() = default;
  OptionTable(const OptionTable& other) : items_(other.items_) {}
  OptionTable& operator=(const OptionTable& other);
  OptionTable(OptionTable&&) noexcept = default;
  OptionTable& operator=(OptionTable&&) noexcept = default;

  // Replaces the value of a known pointer where it stands; else appends.
  void set(std::string_view pointer, OptionValue value);
  // The same for a pointer that is not there yet, without looking for it.
  void append(std::string pointer, OptionValue value);
  // nullptr when there is no such option.
  [[nodiscard]] const OptionValue* get(std::string_view pointer) const;
  [[nodiscard]] const std::vector<std::pair<std::string, OptionValue>>& items() const { return items_; }

  // Borrows from this table: valid until the next set(), also after a move. Call it once before sharing the table
  // between threads.
  [[nodiscard]] nas_config view() const;
  // Nested again: {"stages": [{"width": 16}]}, keys in the order given.
  [[nodiscard]] std::string to_json() const;

  bool operator==(const OptionTable& other) const { return items_ == other.items_; }

 private:
  std::vector<std::pair<std::string, OptionValue>> items_;
  mutable std::unique_ptr<nas_named_value[]> view_;  // built by view(), dropped by set()
};

// "a/b" -> "/a~1b": one step of a JSON pointer (RFC 6901).
std::string pointer_step(std::string_view key);

// Where a component's code runs: in this process, or in one of its own, so that a crash of it is only a message.
enum class Isolation { none, process };

// One component as the file names it, before anything is known about it.
struct ComponentConfig {
  std::string path;                 // in the study: "sampler", "evaluator.0"
  std::string type;                 // alias or id
  SourceLocation where;             // of its section
  SourceLocation type_where;        // of the value of `type`
  ConfigValue::Table options;       // everything but `type` and what follows
  std::filesystem::path directory;  // relative NAS_O_PATH options start here
  Isolation isolation = Isolation::none;  // spaces, samplers and schedulers only
  double call_seconds_max = 600;          // of one call of an isolated component
};

// What an absent key means: once lines that cannot be read were left out, what seems missing may only be misspelt.
enum class Absence { is_a_mistake, may_be_misspelt };

// The kind a component of the study is of: "evaluator.0" -> "evaluator".
std::string_view kind_of_path(std::string_view path);

// An option that the search varies: its distribution stood in place of its value.
struct LiftedParameter {
  nascent::Parameter parameter;  // named "<component path>.<option>"
  std::string component_path;    // "trainer", "evaluator.0"
  std::string option_pointer;    // "/learning_rate": where the trial's value goes in the component's OptionTable
};

struct ResolvedComponent {
  OptionTable options;  // the fixed ones, defaults included; lifted ones are absent
  std::vector<LiftedParameter> lifted;
  ComponentConfig
      complete;  // the same component with every default written out and paths absolute, for resolved_toml()
};

// Checks a component's table against its schema and fills in the defaults. Adds every mistake to `diagnostics`;
// the result is usable only when there is none.
ResolvedComponent resolve_component(const ComponentConfig& config, const ComponentInfo& component,
                                    Diagnostics& diagnostics, Absence absence = Absence::is_a_mistake);
inline ResolvedComponent resolve_component(const ComponentConfig& config, const nas_component& component,
                                           Diagnostics& diagnostics) {
  return resolve_component(config, component_info(component), diagnostics);
}

// A plugin's own complaint, at the place of the option it names or of the path it begins with:
// "study.toml:14:14: sampler.population is 1; evolution needs at least 2 parents".
Error locate(const ComponentConfig& config, const nas_error& error);

}  // namespace nascent::core
