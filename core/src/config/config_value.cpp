#include "nascent/core/config_value.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nascent::core {
namespace {

bool is_bare_key_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

struct Writer {
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const {
    std::string text = fmt::format("{}", v);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    return text;
  }
  std::string operator()(const std::string& v) const { return toml_text(v); }
  std::string operator()(const ConfigValue::Array& v) const {
    std::string text = "[";
    for (const ConfigValue& element : v) text += (text.size() > 1 ? ", " : "") + to_toml(element);
    return text + "]";
  }
  std::string operator()(const ConfigValue::Table& v) const {
    if (v.empty()) return "{}";
    std::string text = "{ ";
    for (const ConfigMember& m : v) text += (text.size() > 2 ? ", " : "") + toml_key(m.key) + " = " + to_toml(m.value);
    return text + " }";
  }
};

}  // namespace

double ConfigValue::number() const {
  const auto* whole = std::get_if<std::int64_t>(&data);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(data);
}

const ConfigValue* find(const ConfigValue::Table& table, std::string_view key) {
  const auto at = std::find_if(table.begin(), table.end(), [&](const ConfigMember& m) { return m.key == key; });
  return at == table.end() ? nullptr : &at->value;
}

ConfigValue* find(ConfigValue::Table& table, std::string_view key) {
  return const_cast<ConfigValue*>(find(static_cast<const ConfigValue::Table&>(table), key));
}

std::string to_toml(const ConfigValue& value) { return std::visit(Writer{}, value.data); }

std::string toml_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), is_bare_key_letter) ? std::string(key) : toml_text(key);
}

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\r':
        quoted += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          quoted += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else
          quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace nascent::core
