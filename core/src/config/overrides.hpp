// "sampler.population=20": one value of the tree replaced from outside the file.
#pragma once

#include <span>
#include <string>

#include "nascent/core/config_value.hpp"
#include "nascent/core/diagnostics.hpp"

namespace nascent::core::config {

// Applies each in turn. Keys need not exist yet; whether they are valid is checked with the rest of the tree.
void apply_overrides(ConfigValue::Table& root, std::span<const std::string> overrides, Diagnostics& diagnostics);

}  // namespace nascent::core::config
