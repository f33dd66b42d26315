// One value of a component's table, read as its schema says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/section.hpp"
#include "nascent/core/options.hpp"

namespace nascent::core::config {

// Bounds of the option's numbers.
Range range_of(const OptionInfo& option);

// "a whole number from 2 to 100": what a person has to write.
std::string rule_of(const OptionInfo& option);

// Every type but lists of text and free tables. `path` is the option's name in messages.
std::optional<OptionValue> read_option(const ConfigValue& value, const OptionInfo& option, const std::string& path,
                                       const std::filesystem::path& directory, Diagnostics& diagnostics);

// Is a distribution written here, or something that was meant to be one?
bool looks_like_distribution(const ConfigValue& value);

// A distribution in place of the option's value, as the parameter called `path`.
std::optional<Parameter> read_distribution(const ConfigValue& value, const OptionInfo& option, const std::string& path,
                                           const std::filesystem::path& directory, Diagnostics& diagnostics);

}  // namespace nascent::core::config
