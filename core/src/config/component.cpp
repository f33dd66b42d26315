#include "config/component.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "config/section.hpp"
#include "config/settings.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace config {
namespace {

// A type to write where none is given, for each kind.
std::string_view example_type(std::string_view kind) {
  constexpr std::pair<std::string_view, std::string_view> examples[] = {
      {"dataset", "idx"},      {"space", "cnn"},     {"sampler", "auto"},
      {"scheduler", "median"}, {"trainer", "torch"}, {"evaluator", "classification"},
      {"compressor", "prune"}};
  const auto at =
      std::find_if(std::begin(examples), std::end(examples), [&](const auto& e) { return e.first == kind; });
  return at == std::end(examples) ? "..." : at->second;
}

// The keys of a JSON pointer: "/a~1b/0" -> {"a/b", "0"}.
std::vector<std::string> pointer_keys(std::string_view pointer) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const bool escaped = pointer[i] == '~' && i + 1 < pointer.size();
    if (pointer[i] == '/')
      keys.emplace_back();
    else if (!keys.empty())
      keys.back() += escaped ? (pointer[++i] == '1' ? '/' : '~') : pointer[i];
  }
  return keys;
}

}  // namespace

ComponentConfig read_component(const ConfigValue& value, std::string path, const std::filesystem::path& directory,
                               Absence absence, Diagnostics& diagnostics) {
  ComponentConfig config;
  config.path = std::move(path);
  config.where = value.where;
  config.type_where = value.where;
  config.directory = directory;
  const ConfigValue::Table* table = value.table();
  const std::string kind(kind_of_path(config.path));
  if (table == nullptr) {
    const bool is_text = value.text() != nullptr && !value.text()->empty();
    diagnostics.add(value.where,
                    fmt::format("{} is {}; it has to be a section: write [{}] with type = {}", config.path,
                                shown(value), kind, is_text ? shown(value) : toml_text(example_type(kind))));
    return config;
  }
  const ConfigValue* type = find(*table, "type");
  if (type == nullptr && absence == Absence::may_be_misspelt) return config;
  if (type == nullptr) {
    diagnostics.add(value.where, fmt::format("{} has no type; write type = {} (`nascent plugin list` shows all)",
                                             config.path, toml_text(example_type(kind))));
  } else if (const auto text = ValueReader{diagnostics}.text(*type, config.path + ".type")) {
    config.type = *text;
    config.type_where = type->where;
    if (text->empty())
      diagnostics.add(type->where, fmt::format("{}.type is empty; write type = {} (`nascent plugin list` shows all)",
                                               config.path, toml_text(example_type(kind))));
  }
  const bool may_be_isolated = is_isolable(kind);
  ValueReader reader{diagnostics};
  for (const ConfigMember& member : *table) {
    if (member.key == "type") continue;
    const std::string member_path = config.path + "." + member.key;
    if (may_be_isolated && member.key == "isolation") {
      const auto isolation = reader.choice(member.value, member_path, isolation_names());
      config.isolation = static_cast<Isolation>(isolation.value_or(0));
    } else if (may_be_isolated && member.key == "call_seconds_max") {
      config.call_seconds_max = reader.seconds(member.value, member_path, positive).value_or(config.call_seconds_max);
    } else {
      config.options.push_back(member);
    }
  }
  return config;
}

bool is_isolable(std::string_view kind) { return kind == "space" || kind == "sampler" || kind == "scheduler"; }

std::string component_name(const ComponentConfig& config) {
  return fmt::format("{} {}", kind_of_path(config.path), toml_text(config.type));
}

const ConfigValue* at_pointer(const ConfigValue::Table& options, std::string_view pointer) {
  const ConfigValue* at = nullptr;
  for (const std::string& key : pointer_keys(pointer)) {
    if (at == nullptr) {
      at = find(options, key);
    } else if (const auto* members = at->table()) {
      at = find(*members, key);
    } else if (const auto* elements = at->array()) {
      std::size_t index = 0;
      const auto [end, status] = std::from_chars(key.data(), key.data() + key.size(), index);
      const bool valid = status == std::errc{} && end == key.data() + key.size() && index < elements->size();
      at = valid ? &(*elements)[index] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

namespace {

// Complaints about a file begin with its path: the pointer to the option that holds that path, or the folder of the
// file; "" when there is none.
std::string option_of_file(const ConfigValue::Table& options, std::string_view complaint) {
  const ConfigMember* found = nullptr;
  for (const ConfigMember& option : options) {
    const std::string* path = option.value.text();
    if (path == nullptr || !path->starts_with('/') || !complaint.starts_with(*path)) continue;
    const char next = path->size() < complaint.size() ? complaint[path->size()] : ':';
    const bool whole = next == ':' || next == '/' || path->ends_with('/');
    if (whole && (found == nullptr || found->value.text()->size() < path->size())) found = &option;
  }
  return found == nullptr ? "" : pointer_step(found->key);
}

}  // namespace
}  // namespace config

std::string_view kind_of_path(std::string_view path) { return path.substr(0, path.find('.')); }

Error locate(const ComponentConfig& config, const nas_error& error) {
  const std::string message = text_of(std::string_view(error.message, strnlen(error.message, sizeof error.message)));
  std::string pointer = text_of(std::string_view(error.option, strnlen(error.option, sizeof error.option)));
  if (pointer.empty()) pointer = config::option_of_file(config.options, message);
  const std::vector<std::string> keys = config::pointer_keys(pointer);
  if (keys.empty()) {
    return mistake(config.where, fmt::format("{}: {}", config::component_name(config), message));
  }
  std::string parent = config.path;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) parent += "." + keys[i];
  // The nearest enclosing value that the file gives: an option that was left to its default has no place of its own.
  SourceLocation where = config.where;
  for (std::size_t end = pointer.size(); end != std::string::npos && end > 0; end = pointer.rfind('/', end - 1)) {
    if (const ConfigValue* value = config::at_pointer(config.options, std::string_view(pointer).substr(0, end))) {
      where = value->where;
      break;
    }
  }
  // "population is 1; ..." is completed to "sampler.population is 1; ..."; other words follow the name.
  const std::string& key = keys.back();
  const bool names_option = message.starts_with(key + " ");
  return mistake(where,
                 names_option ? fmt::format("{}.{}", parent, message) : fmt::format("{}.{}: {}", parent, key, message));
}

}  // namespace nascent::core
