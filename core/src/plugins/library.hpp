// Shared libraries of plugins: loaded once per process, shaken hands with, never unloaded.
#pragma once

#include <nascent/abi.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"

namespace nascent::core {

inline constexpr std::string_view library_suffix =
#if defined(_WIN32)
    ".dll";
#else
    ".so";
#endif

struct Library {
  const nas_plugin* plugin = nullptr;
  std::shared_ptr<const PluginInfo> info;
};

// What must hold of the file before it is loaded; empty = no demand.
struct LibraryDemand {
  std::string sha256;              // what the manifest says
  std::vector<std::string> allow;  // "sha256:..."
  std::string build;               // what the manifest says
};

// Is the file that has this digest the one that is demanded?
Result<void> check_allowed(const std::filesystem::path& path, const std::string& digest, const LibraryDemand& demand);

// Loads and shakes hands; the second call for the same file returns the first one's answer. Errors: unreadable or
// foreign file, demand not met, a broken rule, another LibTorch build in this process.
Result<Library> open_library(const std::filesystem::path& path, const LibraryDemand& demand = {});

// Calls nas_plugin.init once per process.
Result<void> initialise(const nas_plugin& plugin, const std::filesystem::path& path);

}  // namespace nascent::core
