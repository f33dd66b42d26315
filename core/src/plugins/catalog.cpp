#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <mutex>
#include <optional>

#include "nascent/core/config_value.hpp"
#include "nascent/core/nearest.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/child_process.hpp"
#include "plugins/handshake.hpp"
#include "plugins/library.hpp"
#include "plugins/manifest.hpp"
#include "plugins/sha256.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds probe_limit{30};
constexpr std::string_view manifest_suffix = ".nascent.json";

// "sampler" -> "nascent.sampler/1"; anything with a dot is an ABI id already.
std::string abi_kind(std::string_view kind) {
  return kind.find('.') != std::string_view::npos ? std::string(kind) : fmt::format("nascent.{}/1", kind);
}

std::vector<fs::path> folders_of(const char* list) {
  std::vector<fs::path> folders;
  std::string_view rest = list == nullptr ? "" : list;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0) folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return folders;
}

struct SearchFolders {
  std::vector<fs::path> found, absent;  // each in the order of searching
};

Result<SearchFolders> search_folders(const std::vector<fs::path>& asked_for) {
  SearchFolders folders;
  const auto add = [&folders](const fs::path& folder) {
    std::error_code code;
    const fs::path real = fs::canonical(folder, code);
    if (code || !fs::is_directory(real, code)) {
      folders.absent.push_back(folder.lexically_normal());
      return false;
    }
    if (std::ranges::find(folders.found, real) == folders.found.end()) folders.found.push_back(real);
    return true;
  };
  for (const fs::path& folder : asked_for) {
    if (!add(folder))
      return fail(ErrorKind::invalid_input, fmt::format("plugins.path: there is no folder {}", folder.string()));
  }
  // With raised privileges (setuid) the environment belongs to somebody else.
  if (::getauxval(AT_SECURE) == 0) {
    for (const fs::path& folder : folders_of(std::getenv("NASCENT_PLUGIN_PATH"))) {
      if (!add(folder))
        spdlog::warn("variable=NASCENT_PLUGIN_PATH folder={} reason=\"there is no such folder\"",
                     toml_text(folder.string()));
    }
  }
  add(fs::path(own_executable()).parent_path() / "../lib/nascent/plugins");
#ifdef NASCENT_INSTALL_PLUGIN_DIR
  add(NASCENT_INSTALL_PLUGIN_DIR);
#endif
  return folders;
}

std::string listed(const std::vector<fs::path>& paths) {
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(path.string());
  return fmt::format("{}", fmt::join(texts, ", "));
}

Result<void> check_allow_list(const std::vector<std::string>& allow) {
  for (const std::string& entry : allow) {
    const std::string_view digest = std::string_view(entry).substr(std::min<std::size_t>(entry.size(), 7));
    const bool hex =
        std::ranges::all_of(digest, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!entry.starts_with("sha256:") || digest.size() != 64 || !hex)
      return fail(ErrorKind::invalid_input, fmt::format("plugins.allow: \"{}\" is not \"sha256:\" and 64 lower-case "
                                                        "hex digits; `nascent plugin inspect` prints it",
                                                        entry));
  }
  return {};
}

}  // namespace

struct PluginCatalog::State {
  struct Entry {
    ComponentInfo info;
    const nas_plugin* builtin = nullptr;  // or a library, opened on demand
    std::size_t rank = 0;                 // of its folder: the smaller one wins; 0 for a built-in
  };
  // A library that only its own code can describe: it is not read before something may be in it.
  struct Unread {
    fs::path library;
    std::size_t rank;  // as Entry
    std::string stale = {};                    // why its manifest does not count; "" where it has none
    std::vector<ComponentInfo> promised = {};  // by that manifest

    [[nodiscard]] bool may_hold(const std::string& kind, std::string_view name) const {
      return library.stem() == fmt::format("nascent-{}", name) || std::ranges::any_of(promised, [&](const ComponentInfo& c) {
               return c.kind == kind && (c.id == name || c.alias == name);
             });
    }
  };

  mutable std::mutex mutex;
  Settings settings;
  std::vector<fs::path> folders, absent;  // searched, and not there to be searched
  std::vector<Entry> entries;    // those who win come first
  std::vector<Unread> unread;
  std::vector<Refusal> refusals;

  void add(std::vector<ComponentInfo> components, const nas_plugin* builtin, std::size_t rank) {
    for (ComponentInfo& c : components) {
      const auto same =
          std::ranges::find_if(entries, [&](const Entry& e) { return e.info.kind == c.kind && e.info.id == c.id; });
      if (builtin == nullptr && same != entries.end() && same->rank <= rank) {
        spdlog::debug("component={} path={} shadowed_by={}", c.id, c.plugin->path.string(),
                      same->info.plugin->path.string());
        continue;
      }
      if (same != entries.end()) entries.erase(same);
      entries.push_back({std::move(c), builtin, rank});
    }
  }

  void refuse(const fs::path& path, const std::string& message) {
    spdlog::warn("plugin={} state=refused reason={}", toml_text(path.string()), toml_text(message));
    refusals.push_back({path, message});
  }

  void scan(std::size_t rank) {
    const fs::path& folder = folders[rank];
    std::error_code code;
    std::vector<fs::path> manifests, libraries;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
      const fs::path& file = it->path();
      if (file.filename().string().ends_with(manifest_suffix)) manifests.push_back(file);
      if (file.extension() == library_suffix) libraries.push_back(file);
    }
    if (code) refuse(folder, fmt::format("{}: cannot be listed: {}", folder.string(), code.message()));
    std::ranges::sort(manifests);
    std::ranges::sort(libraries);
    for (const fs::path& file : manifests) {
      auto manifest = read_manifest(file);
      const Result<std::string> stale = manifest ? staleness(*manifest, file) : tl::unexpected(manifest.error());
      if (!stale)
        refuse(file, stale.error().message);
      else if (stale->empty())
        add(std::move(manifest->components), nullptr, rank);
      else
        unread.push_back({manifest->plugin->path, rank, *stale, std::move(manifest->components)});
    }
    for (const fs::path& file : libraries) {
      if (!fs::exists(manifest_path(file), code)) unread.push_back({file, rank});
    }
  }

  // A child that somebody else ended, as the kernel does where memory is short, is started once more.
  Result<ChildOutcome> run_prober(const fs::path& library) const {
    const std::vector<std::string> command{settings.prober.string(), "plugin", "manifest", "--stdout", library.string()};
    auto child = run_child(command, probe_limit);
    const bool killed = child && !child->timed_out && (child->signal == SIGKILL || child->signal == SIGTERM);
    return killed ? run_child(command, probe_limit) : child;
  }

  Result<Manifest> probe(const fs::path& library) const {
    if (!settings.allow.empty()) {  // loading runs code
      const auto bytes = read_bytes(library);
      if (!bytes) return tl::unexpected(bytes.error());
      const auto allowed = check_allowed(library, sha256(*bytes), {.sha256 = {}, .allow = settings.allow, .build = {}});
      if (!allowed) return tl::unexpected(allowed.error());
    }
    if (settings.prober.empty()) {
      const auto opened = open_library(library, {.sha256 = {}, .allow = settings.allow, .build = {}});
      if (!opened) return tl::unexpected(opened.error());
      return manifest_of(*opened);
    }
    const auto child = run_prober(library);
    if (!child) return tl::unexpected(child.error());
    if (child->timed_out || child->signal != 0)
      return fail(ErrorKind::plugin,
                  fmt::format("{}: {} while it was loaded; `nascent plugin check {}` tells more", library.string(),
                              child->timed_out ? "hangs" : fmt::format("crashes (signal {})", child->signal),
                              library.string()));
    if (child->exit_code != 0) {
      std::string reason = child->err;
      while (reason.ends_with('\n')) reason.pop_back();
      return fail(ErrorKind::plugin,
                  reason.empty() ? fmt::format("{}: cannot be read (exit code {})", library.string(), child->exit_code)
                                 : reason);
    }
    auto manifest = parse_manifest(child->out, library);
    if (!manifest) return fail(ErrorKind::plugin, fmt::format("{}: {}", library.string(), manifest.error().message));
    return manifest;
  }

  void read(const Unread& of) {
    if (!of.stale.empty()) {
      const std::string reason =
          fmt::format("{}; the library is read in its place. To spare that: nascent plugin manifest {}", of.stale, of.library.string());
      spdlog::warn("plugin={} manifest=stale reason={}", toml_text(of.library.string()), toml_text(reason));
    }
    if (auto manifest = probe(of.library))
      add(std::move(manifest->components), nullptr, of.rank);
    else
      refuse(of.library, manifest.error().message);
  }
  template <class Which>
  void read_those(const Which& which) {
    const auto those = std::ranges::stable_partition(unread, std::not_fn(which));
    const std::vector<Unread> chosen(std::make_move_iterator(those.begin()), std::make_move_iterator(those.end()));
    unread.erase(those.begin(), those.end());
    for (const Unread& library : chosen) read(library);
  }

  std::vector<const Entry*> matches(const std::string& kind, std::string_view name) const {
    std::vector<const Entry*> found;
    for (const Entry& e : entries) {
      if (e.info.kind != kind) continue;
      if (e.info.id == name) return {&e};
      if (e.info.alias == name) found.push_back(&e);
    }
    return found;
  }

  // The library (or manifest) of that name which was not accepted, or nullptr.
  const Refusal* refusal_of(std::string_view name) const {
    const auto refused = std::ranges::find_if(refusals, [&](const Refusal& r) {
      return r.path.filename().string().starts_with(fmt::format("nascent-{}.", name));
    });
    return refused == refusals.end() ? nullptr : &*refused;
  }

  Result<const Entry*> find(std::string_view kind_given, std::string_view name) {
    const std::string kind = abi_kind(kind_given);
    auto found = matches(kind, name);
    // First what may hold it and would win over those found; then what may hold anything; then what has held others.
    for (;;) {
      std::size_t rank = std::numeric_limits<std::size_t>::max();
      for (const Entry* e : found) rank = std::min(rank, e->rank);
      const auto likely = std::ranges::find_if(unread, [&](const Unread& u) { return u.may_hold(kind, name) && u.rank < rank; });
      if (likely == unread.end()) break;
      const Unread library = std::move(*likely);
      unread.erase(likely);
      read(library);
      found = matches(kind, name);
    }
    for (const bool also_stale : {false, true}) {
      if (!found.empty() || refusal_of(name) != nullptr) break;
      read_those([&](const Unread& u) { return also_stale || u.stale.empty(); });
      found = matches(kind, name);
    }
    if (found.size() == 1) return found.front();
    return found.empty() ? unknown(kind, name) : ambiguous(kind, name, found);
  }

  tl::unexpected<Error> ambiguous(const std::string& kind, std::string_view name,
                                  const std::vector<const Entry*>& found) const {
    std::vector<std::string> ids;
    for (const Entry* e : found)
      ids.push_back(
          fmt::format("\"{}\" ({})", e->info.id, e->builtin != nullptr ? "built in" : e->info.plugin->path.string()));
    return fail(ErrorKind::invalid_input,
                fmt::format("{} \"{}\" is the alias of several components: {}; write the id instead", kind_name(kind),
                            name, fmt::join(ids, ", ")));
  }

  tl::unexpected<Error> unknown(const std::string& kind, std::string_view name) const {
    // A refused library of that name is the likelier reason than a typing mistake.
    if (const Refusal* r = refusal_of(name)) return fail(ErrorKind::plugin, r->message);
    std::vector<std::string> aliases;
    for (const Entry& e : entries) {
      if (e.info.kind == kind) aliases.push_back(e.info.alias);
    }
    std::ranges::sort(aliases);
    std::string searched = folders.empty() ? "no folder exists" : listed(folders);
    if (aliases.empty() && !absent.empty()) searched += "; not there: " + listed(absent);
    if (!refusals.empty()) searched += fmt::format("; {} refused", refusals.size());
    return fail(ErrorKind::invalid_input,
                fmt::format("there is no {} \"{}\"; {} (searched: {})", kind_name(kind), name,
                            aliases.empty() ? fmt::format("no {} was found at all; NASCENT_PLUGIN_PATH names folders to search", kind_name(kind))
                                            : way_out(name, aliases),
                            searched));
  }
};

Result<PluginCatalog> PluginCatalog::discover(Settings settings) {
  if (auto ok = check_allow_list(settings.allow); !ok) return tl::unexpected(ok.error());
  auto folders = search_folders(settings.search_path);
  if (!folders) return tl::unexpected(folders.error());
  PluginCatalog catalog = empty();
  catalog.state_->settings = std::move(settings);
  catalog.state_->folders = std::move(folders->found);
  catalog.state_->absent = std::move(folders->absent);
  for (std::size_t i = 0; i < catalog.state_->folders.size(); ++i) catalog.state_->scan(i);
  return catalog;
}

PluginCatalog PluginCatalog::empty() { return PluginCatalog(std::make_shared<State>()); }

Result<void> PluginCatalog::register_builtin(const nas_plugin* plugin) {
  const auto broken = handshake(plugin);
  if (!broken.empty()) return fail(ErrorKind::plugin, told("built-in plugin", broken.front()));
  const auto info = std::make_shared<const PluginInfo>(PluginInfo{{},
                                                                  text_of(plugin->id),
                                                                  text_of(plugin->version),
                                                                  text_of(plugin->build),
                                                                  {},
                                                                  plugin->abi_minor,
                                                                  plugin->abi_minor_min});
  const std::lock_guard lock(state_->mutex);
  state_->add(describe(*plugin, info), plugin, 0);
  return {};
}

std::vector<ComponentInfo> PluginCatalog::components() const {
  const std::lock_guard lock(state_->mutex);
  state_->read_those([](const auto&) { return true; });
  std::vector<ComponentInfo> all;
  for (const State::Entry& e : state_->entries) all.push_back(e.info);
  std::ranges::sort(all, {}, [](const ComponentInfo& c) { return std::tie(c.kind, c.alias, c.id); });
  return all;
}

std::vector<Refusal> PluginCatalog::refusals() const {
  const std::lock_guard lock(state_->mutex);
  return state_->refusals;
}

std::vector<fs::path> PluginCatalog::search_path() const {
  const std::lock_guard lock(state_->mutex);
  return state_->folders;
}

Result<ComponentInfo> PluginCatalog::find(std::string_view kind, std::string_view name) const {
  const std::lock_guard lock(state_->mutex);
  auto entry = state_->find(kind, name);
  if (!entry) return tl::unexpected(entry.error());
  return (*entry)->info;
}

Result<const nas_component*> PluginCatalog::load(std::string_view kind, std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->find(kind, name);
  if (!found) return tl::unexpected(found.error());
  const State::Entry& entry = **found;
  const PluginInfo& info = *entry.info.plugin;
  const nas_plugin* plugin = entry.builtin;
  if (plugin == nullptr) {
    const auto library = open_library(info.path, {info.sha256, state_->settings.allow, info.build});
    if (!library) return tl::unexpected(library.error());
    plugin = library->plugin;
  }
  if (auto ok = initialise(*plugin, info.path); !ok) return tl::unexpected(ok.error());
  for (std::size_t i = 0; i < plugin->n_components; ++i) {
    const nas_component* c = plugin->components[i];
    if (text_of(c->kind) == entry.info.kind && text_of(c->id) == entry.info.id) return c;
  }
  return fail(ErrorKind::plugin,
              fmt::format("{}: its manifest promises {} \"{}\", the library has none; run `nascent plugin manifest {}`",
                          info.path.string(), kind_name(entry.info.kind), entry.info.id, info.path.string()));
}

}  // namespace nascent::core
