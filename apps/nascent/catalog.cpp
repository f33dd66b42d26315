#include "catalog.hpp"

namespace nascent::cli {

std::filesystem::path this_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

core::Result<core::PluginCatalog> discover_plugins(const core::PluginConfig& settings) {
  return core::PluginCatalog::discover({settings.path, settings.allow, this_program()});
}

}  // namespace nascent::cli
