// Text to tree: TOML as toml++ reads it, with every syntax mistake that can be told apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nascent/core/config_value.hpp"
#include "nascent/core/diagnostics.hpp"

namespace nascent::core::config {

// What an absent key means: once lines with syntax mistakes were left out, what seems missing may only be misspelt.
enum class Absence { is_a_mistake, may_be_misspelt };

struct Document {
  ConfigValue::Table root;
  Absence absence = Absence::is_a_mistake;
};

// nullopt when the text cannot be read to its end, even without the lines that hold mistakes.
std::optional<Document> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// One value as after `key =`, every place set to `where`; nullopt when `text` is no TOML value.
std::optional<ConfigValue> parse_value(std::string_view text, const SourceLocation& where);

}  // namespace nascent::core::config
