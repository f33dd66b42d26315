// The plugins this tool can see, by a study's settings or by none.
#pragma once

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"

namespace nascent::cli {

// This executable, which also reads libraries without a manifest in a child process of its own.
std::filesystem::path this_program();
core::Result<core::PluginCatalog> discover_plugins(const core::PluginConfig& settings = {});
// For a study that is still to be checked: mistakes in its [plugins], after which nobody knows what is there, are told
// with all others found so far.
core::Result<core::PluginCatalog> discover_plugins(core::StudyDraft& draft);

}  // namespace nascent::cli
