// What can be seen of a library without loading it.
#pragma once

#include <filesystem>
#include <vector>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {

// Format, architecture, exports, unsafe linking. The first finding fails when the file is no library for this machine.
std::vector<CheckFinding> check_file(const std::filesystem::path& path);

}  // namespace nascent::core
