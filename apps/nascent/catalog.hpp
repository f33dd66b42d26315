// The plugins this tool can see, by a study's settings or by none.
#pragma once

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"

namespace nascent::cli {

// This executable, which also reads libraries without a manifest in a child process of its own.
std::filesystem::path this_program();
core::Result<core::PluginCatalog> discover_plugins(const core::PluginConfig& settings = {});

}  // namespace nascent::cli
