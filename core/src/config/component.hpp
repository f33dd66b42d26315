// One component of a study as its table names it.
#pragma once

#include "config/document.hpp"
#include "nascent/core/options.hpp"

namespace nascent::core::config {

// `path`: "sampler", "evaluator.0". A type that is no text is a mistake.
ComponentConfig read_component(const ConfigValue& value, std::string path, const std::filesystem::path& directory,
                               Absence absence, Diagnostics& diagnostics);

// May a component of that kind run in a process of its own?
bool is_isolable(std::string_view kind);

// What a person reads: `sampler "evolution"`.
std::string component_name(const ComponentConfig& config);

// The value an option's JSON pointer leads to in the component's table, or nullptr.
const ConfigValue* at_pointer(const ConfigValue::Table& options, std::string_view pointer);

}  // namespace nascent::core::config
