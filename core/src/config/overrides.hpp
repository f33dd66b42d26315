// "sampler.population=20": one value of the tree replaced from outside the file.
#pragma once

#include <span>
#include <string>

#include "config/document.hpp"
#include "nascent/core/diagnostics.hpp"

namespace nascent::core::config {

// Applies each in turn; a section that one of them cannot be applied to is incomplete. Keys need not exist yet; whether
// they are valid is checked with the rest of the tree.
void apply_overrides(Document& document, std::span<const std::string> overrides, Diagnostics& diagnostics);

}  // namespace nascent::core::config
