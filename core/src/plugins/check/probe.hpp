// What parent and child of a plugin check share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {

// Begins the line of a probe's output that holds its findings; all other output is the plugin's.
inline constexpr std::string_view probe_mark = "nascent-probe: ";

nlohmann::ordered_json to_json(const CheckFinding& finding);

// The contract of the component's kind alone.
std::vector<CheckFinding> check_contract(const nas_component& component, const OptionTable& options);

}  // namespace nascent::core
