// What a plugin's description must satisfy before any of its code but the entry point is called.
#pragma once

#include <nascent/abi.h>

#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/plugins.hpp"
#include "plugins/rules.hpp"

namespace nascent::core {

// Every broken rule that can be seen without running plugin code; empty = accepted. `host_minor` is the minor this
// program implements.
std::vector<Violation> handshake(const nas_plugin* plugin, std::uint32_t host_minor = NAS_ABI_MINOR);

// Owned copies of an accepted description. `plugin` is shared by all components.
std::vector<ComponentInfo> describe(const nas_plugin& plugin, const std::shared_ptr<const PluginInfo>& info);

// Rules of options, metrics and names that a manifest can break too. `where` begins the text of every violation.
void check_option(const OptionInfo& option, const std::string& where, std::vector<Violation>& found);
void check_metric(const MetricInfo& metric, const std::string& where, std::vector<Violation>& found);
void check_names(const ComponentInfo& component, const std::string& where, std::vector<Violation>& found);

// "libtorch 1.13.1" out of "g++ 12.2.0; libtorch 1.13.1", or "".
std::string libtorch_build(std::string_view build);

}  // namespace nascent::core
