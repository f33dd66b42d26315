// Probes that load a plugin: run in a child process, because loading may do anything.
#pragma once

#include <filesystem>
#include <vector>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {

std::vector<CheckFinding> probe_needs(const std::filesystem::path& path);       // the libraries it names are found
std::vector<CheckFinding> probe_load(const std::filesystem::path& path);        // a good guest while it is loaded
std::vector<CheckFinding> probe_twice(const std::filesystem::path& path);       // beside a copy of itself
std::vector<CheckFinding> probe_descriptor(const std::filesystem::path& path);  // handshake, init, newer hosts

}  // namespace nascent::core
