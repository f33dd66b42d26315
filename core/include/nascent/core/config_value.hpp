// What a TOML file says, as a tree in which every key and value keeps its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nascent/core/diagnostics.hpp"

namespace nascent::core {

struct ConfigMember;

struct ConfigValue {
  using Array = std::vector<ConfigValue>;
  using Table = std::vector<ConfigMember>;  // in the order of the file
  std::variant<bool, std::int64_t, double, std::string, Array, Table> data;
  SourceLocation where;

  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&data); }
  [[nodiscard]] Table* table() { return std::get_if<Table>(&data); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data); }
  [[nodiscard]] Array* array() { return std::get_if<Array>(&data); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] bool is_number() const { return data.index() == 1 || data.index() == 2; }
  // Only where is_number().
  [[nodiscard]] double number() const;
};

struct ConfigMember {
  std::string key;
  SourceLocation where;  // of the key
  ConfigValue value;
};

// nullptr when the table has no such key.
const ConfigValue* find(const ConfigValue::Table& table, std::string_view key);
ConfigValue* find(ConfigValue::Table& table, std::string_view key);

// The value as TOML on one line, for messages and files: tables inline, numbers so that they read back unchanged.
std::string to_toml(const ConfigValue& value);
// A key or a text as TOML: bare where that is allowed, else quoted.
std::string toml_key(std::string_view key);
std::string toml_text(std::string_view text);

}  // namespace nascent::core
