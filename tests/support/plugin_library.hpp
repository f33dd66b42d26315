// A built plugin, loaded through its one exported symbol.
#pragma once

#include <dlfcn.h>

#include <stdexcept>
#include <string>

#include "nascent/error.hpp"

namespace nascent::test {

// The description of plugin `alias` in the build tree. The library stays loaded, as in a host.
inline const nas_plugin& load_plugin(const std::string& alias) {
  const std::string path = std::string(NASCENT_TEST_PLUGIN_DIR) + "/nascent-" + alias + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<nas_entry_fn>(dlsym(library, "nascent_plugin_v1"));
  if (entry == nullptr) throw std::runtime_error(path + " has no nascent_plugin_v1");
  return *entry();
}

}  // namespace nascent::test
