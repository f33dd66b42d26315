// Text to tree: TOML as toml++ reads it, with every syntax mistake that can be told apart.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/config_value.hpp"
#include "nascent/core/diagnostics.hpp"
#include "nascent/core/options.hpp"

namespace nascent::core::config {

struct Document {
  ConfigValue::Table root;
  std::set<std::string> incomplete;   // sections that lost lines with mistakes; "" when it may be any of them
  std::vector<std::string> misspelt;  // sections that are absent and near to one that nobody knows

  // Is there such a section, perhaps misspelt or lost?
  [[nodiscard]] bool gives(std::string_view section) const;
  // Of a key of that section.
  [[nodiscard]] Absence absence(const std::string& section) const;
};

// nullopt when the text cannot be read to its end, even without the lines that hold mistakes. Values that are no values
// for a study, such as nan, are left out like lines with mistakes.
std::optional<Document> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// One value as after `key =`, every place set to `where`; nullopt when `text` is no TOML value.
std::optional<ConfigValue> parse_value(std::string_view text, const SourceLocation& where);

}  // namespace nascent::core::config
