// The sidecar manifest foo.nascent.json: what a library holds, so that listing it runs none of its code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"
#include "plugins/library.hpp"

namespace nascent::core {

struct Manifest {
  std::shared_ptr<const PluginInfo> plugin;  // its path is the library beside the manifest
  std::vector<ComponentInfo> components;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;  // since the Unix epoch; a hint: equal means the sha256 need not be computed again
};

std::string to_json(const Manifest& manifest);

// `text` may be hostile. The error is one clause without the path.
Result<Manifest> parse_manifest(std::string_view text, const std::filesystem::path& library);

// Reads dir/foo.nascent.json, beside which dir/foo.so has to be.
Result<Manifest> read_manifest(const std::filesystem::path& file);

// Is dir/foo.so still the file that its manifest, read from `file`, describes? "" if so, else a clause that says how it differs.
Result<std::string> staleness(const Manifest& manifest, const std::filesystem::path& file);

// The manifest of an open library.
Result<Manifest> manifest_of(const Library& library);

}  // namespace nascent::core
