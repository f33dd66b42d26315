// The sections of a study that belong to the core: everything but the components.
#pragma once

#include "config/document.hpp"
#include "nascent/core/config.hpp"

namespace nascent::core::config {

// Reads [study], [objective], [constraint], [acceptance], [stop], [budget], [validation], [workers], [final] and
// [plugins] into `draft`, whose directory is set. `file`: what messages call the file.
void read_settings(const Document& document, const std::string& file, StudyDraft& draft);

void read_warm_start(const ConfigValue::Table& root, StudyConfig& study, Diagnostics& diagnostics);

// The tables of a section that may stand once ([x]) or several times ([[x]]); paths "x" and "x.0", "x.1".
struct ListedTable {
  const ConfigValue* value;
  std::string path;
};
std::vector<ListedTable> listed(const ConfigValue::Table& root, std::string_view key, Diagnostics& diagnostics);

// Absolute, without "." and "..".
std::filesystem::path resolved_path(const std::filesystem::path& directory, const std::string& path);

// The words of the file for the enumerations, in the order of the enumerators.
const std::vector<std::string>& duplicates_names();
const std::vector<std::string>& direction_names();
const std::vector<std::string>& acceptance_names();
const std::vector<std::string>& execution_names();
const std::vector<std::string>& isolation_names();
const std::vector<std::string>& unit_names();

}  // namespace nascent::core::config
