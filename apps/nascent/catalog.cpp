#include "catalog.hpp"

namespace nascent::cli {

std::filesystem::path this_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

core::Result<core::PluginCatalog> discover_plugins(const core::PluginConfig& settings) {
  for (std::size_t i = 0; i < settings.path_where.size(); ++i) {
    std::error_code error;
    if (std::filesystem::is_directory(settings.path[i], error)) continue;
    return core::fail(core::ErrorKind::invalid_input,
                      core::to_string(settings.path_where[i]) + ": plugins.path: there is no folder " + settings.path[i].string());
  }
  return core::PluginCatalog::discover({settings.path, settings.allow, this_program()});
}

}  // namespace nascent::cli
