#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS
#endif
#include "plugins/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <set>

#include "nascent/core/instance.hpp"
#include "plugins/elf_file.hpp"
#include "plugins/handshake.hpp"
#include "plugins/sha256.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

// Unloading is never safe: code of a plugin may still be reached through deleters, threads and exit handlers.
// RTLD_LOCAL keeps the plugins' symbols apart, RTLD_NOW shows a missing one here and not in a trial.
const auto load_mode = static_cast<boost::dll::load_mode::type>(RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

struct Loaded {
  boost::dll::shared_library handle;
  Library library;
};

// Allocated once and never destroyed, so that no exit handler of a plugin finds it gone.
struct Registry {
  std::mutex mutex;
  std::map<std::string, Loaded> by_sha256;  // one file may be reached by several paths
  std::set<const nas_plugin*> initialised;
  std::string libtorch, libtorch_path;
};
Registry& registry() {
  static auto* the_registry = new Registry;
  return *the_registry;
}

tl::unexpected<Error> refused(const fs::path& path, const Violation& violation) {
  return fail(ErrorKind::plugin, told(path, violation));
}

Result<void> check_libtorch(const fs::path& path, const std::string& build) {
  const Registry& r = registry();
  const std::string libtorch = libtorch_build(build);
  if (libtorch.empty() || r.libtorch.empty() || libtorch == r.libtorch) return {};
  return refused(
      path, {15, fmt::format("is built with {}; {} of this process uses {}", libtorch, r.libtorch_path, r.libtorch),
             "build both plugins with the same LibTorch"});
}

// Boost puts its own words before those of the dynamic linker.
std::string linker_reason(const std::exception& e) {
  std::string text = e.what();
  constexpr std::string_view boost_words = "boost::dll::shared_library::load() failed";
  if (text.starts_with(boost_words)) text.erase(0, boost_words.size());
  text.erase(0, text.find_first_not_of(": ("));
  const std::size_t tail = text.rfind(": Bad file descriptor");
  if (tail != std::string::npos) text.erase(tail);
  return text;
}

Violation missing_symbol(const ElfFile& file) {
  for (const std::string& name : file.exported) {
    if (name.starts_with("nascent_plugin_v"))
      return {1, fmt::format("is made for ABI major {}; this nascent speaks major {}", name.substr(16), NAS_ABI_MAJOR),
              "update nascent, or build the plugin with the SDK of this release"};
  }
  return {1, "does not export nascent_plugin_v1",
          "a plugin names itself with NASCENT_PLUGIN and is linked by nascent_add_plugin()"};
}

}  // namespace

Result<void> check_allowed(const fs::path& path, const std::string& digest, const LibraryDemand& demand) {
  if (!demand.sha256.empty() && demand.sha256 != digest)
    return fail(ErrorKind::plugin,
                fmt::format("{}: is not the file its manifest describes (sha256 {}, manifest {}); run `nascent plugin "
                            "manifest {}`",
                            path.string(), digest.substr(0, 12), demand.sha256.substr(0, 12), path.string()));
  if (demand.allow.empty() || std::ranges::find(demand.allow, "sha256:" + digest) != demand.allow.end()) return {};
  return fail(ErrorKind::plugin,
              fmt::format("{}: is not on the list plugins.allow; if you trust the file, add \"sha256:{}\"",
                          path.string(), digest));
}

Result<Library> open_library(const fs::path& given, const LibraryDemand& demand) {
  std::error_code code;
  fs::path path = fs::canonical(given, code);
  if (code) return fail(ErrorKind::invalid_input, fmt::format("{}: {}", given.string(), code.message()));
  auto bytes = read_bytes(path);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::string digest = sha256(*bytes);
  if (auto ok = check_allowed(path, digest, demand); !ok) return tl::unexpected(ok.error());

  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (const auto it = r.by_sha256.find(digest); it != r.by_sha256.end()) {
    PluginInfo info = *it->second.library.info;
    info.path = path;  // the same bytes may lie in several places
    return Library{it->second.library.plugin, std::make_shared<const PluginInfo>(std::move(info))};
  }

  const auto file = read_elf(*bytes);
  if (!file)
    return refused(path, {1, file.error().message,
                          "check that the path names a plugin built for this machine, and that it was copied whole"});
  if (std::ranges::find(file->exported, "nascent_plugin_v1") == file->exported.end())
    return refused(path, missing_symbol(*file));
  if (auto ok = check_libtorch(path, demand.build); !ok)
    return tl::unexpected(ok.error());  // two of them end the process in dlopen

  Loaded loaded;
  const auto start = std::chrono::steady_clock::now();
  try {
    loaded.handle.load(path, load_mode);
    loaded.library.plugin = loaded.handle.get<const nas_plugin*() noexcept>("nascent_plugin_v1")();
  } catch (const std::exception& e) {
    return refused(path, {16, fmt::format("cannot be loaded: {}", linker_reason(e)),
                          "install the library it names, or rebuild the plugin on this system"});
  }
  const auto broken = handshake(loaded.library.plugin);
  if (!broken.empty()) {
    Violation first = broken.front();
    if (broken.size() > 1)
      first.way_out +=
          fmt::format(" (1 of {} broken rules; `nascent plugin check {}` lists all)", broken.size(), path.string());
    return refused(path, first);
  }
  const nas_plugin& plugin = *loaded.library.plugin;
  loaded.library.info = std::make_shared<const PluginInfo>(PluginInfo{path, text_of(plugin.id), text_of(plugin.version),
                                                                      text_of(plugin.build), digest, plugin.abi_minor,
                                                                      plugin.abi_minor_min});
  if (auto ok = check_libtorch(path, loaded.library.info->build); !ok) return tl::unexpected(ok.error());
  if (const std::string libtorch = libtorch_build(loaded.library.info->build); !libtorch.empty()) {
    r.libtorch = libtorch;
    r.libtorch_path = path.string();
  }
  spdlog::debug("plugin={} version={} path={} loaded_ms={:.1f}", loaded.library.info->id, loaded.library.info->version,
                path.string(),
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  return r.by_sha256.emplace(digest, std::move(loaded)).first->second.library;
}

Result<void> initialise(const nas_plugin& plugin, const fs::path& path) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (r.initialised.contains(&plugin)) return {};
  if (plugin.init != nullptr) {
    nas_error error{};
    const nas_status status = plugin.init(&host(), &error);
    if (status != NAS_OK) {
      nas_component whole{};  // the error belongs to the plugin, not to one of its components
      return fail(ErrorKind::plugin,
                  fmt::format("{}: init failed: {}", path.string(), plugin_error(whole, status, error).reason));
    }
  }
  r.initialised.insert(&plugin);
  return {};
}

Result<const nas_plugin*> load_library(const fs::path& path) {
  auto library = open_library(path);
  if (!library) return tl::unexpected(library.error());
  return library->plugin;
}

}  // namespace nascent::core
