#include "catalog.hpp"

namespace nascent::cli {

std::filesystem::path this_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

namespace {

void check_folders(const core::PluginConfig& settings, core::Diagnostics& mistakes) {
  for (std::size_t i = 0; i < settings.path_where.size(); ++i) {
    std::error_code error;
    if (!std::filesystem::is_directory(settings.path[i], error))
      mistakes.add(settings.path_where[i], "plugins.path: there is no folder " + settings.path[i].string());
  }
}

}  // namespace

core::Result<core::PluginCatalog> discover_plugins(const core::PluginConfig& settings) {
  core::Diagnostics mistakes;
  check_folders(settings, mistakes);
  if (!mistakes.empty()) return tl::unexpected(mistakes.error());
  return core::PluginCatalog::discover({settings.path, settings.allow, this_program()});
}

core::Result<core::PluginCatalog> discover_plugins(core::StudyDraft& draft) {
  const std::size_t before = draft.mistakes.size();
  check_folders(draft.config.plugins, draft.mistakes);
  if (!draft.plugins_known || draft.mistakes.size() > before) return tl::unexpected(draft.mistakes.error());
  return discover_plugins(draft.config.plugins);
}

}  // namespace nascent::cli
