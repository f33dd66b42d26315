// A host of the made-up next minor: loads a plugin, uses the new slots where they are, and prints what it found.
//   next_host <plugin.so>
#include <dlfcn.h>
#include <nascent/abi.h>

#include <array>
#include <cstdint>
#include <cstdio>

int main(int argc, char** argv) {
  void* library = argc == 2 ? ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
  const auto entry =
      library != nullptr ? reinterpret_cast<nas_entry_fn>(::dlsym(library, "nascent_plugin_v1")) : nullptr;
  if (entry == nullptr) return 1;
  const nas_plugin& plugin = *entry();
  if (plugin.magic != NAS_MAGIC || plugin.abi_minor_min > NAS_ABI_MINOR || plugin.n_components != 1) return 2;
  const auto* table = static_cast<const nas_sampler_vt*>(plugin.components[0]->vt);

  nas_param parameter{};
  parameter.name = {"x", 1};
  parameter.hi = 1;
  const nas_space space{sizeof(nas_space), sizeof(nas_param), 1, 0, &parameter, nullptr, {"f", 1}};
  const nas_host host{sizeof(nas_host),
                      NAS_ABI_MAJOR,
                      NAS_ABI_MINOR,
                      0,
                      nullptr,
                      {"next", 4},
                      {"2", 1},
                      [](void*, std::uint32_t, nas_str, nas_str) noexcept {},
                      [](void*, const char*) noexcept -> const void* { return nullptr; },
                      [](void*) noexcept -> std::uint64_t { return 1; }};
  const nas_named_value shrink{{"/shrink", 7}, {NAS_T_FLOAT, 0, {.f = 1.0}}};
  const nas_config config{sizeof(nas_config), 0, 1, &shrink};
  const nas_sampler_arg arg{sizeof(nas_sampler_arg), 1, 0, 1, &space, 7, 0, {}, {}, 0.001};
  void* self = nullptr;
  nas_error error{};
  if (table->create(&host, &config, &arg, &self, &error) != NAS_OK) return 3;
  std::array<std::uint64_t, 4> ids{0, 1, 2, 3};
  std::array<double, 4> x{};
  std::array<std::uint8_t, 4> active{};
  size_t filled = 0;
  nas_rows rows{sizeof rows, 1, ids.size(), ids.data(), x.data(), active.data()};
  const nas_ask ask{sizeof ask, 0, &rows, &filled, nullptr, nullptr};
  if (table->ask(self, &ask, &error) != NAS_OK || filled != ids.size()) return 4;
  double largest = 0;
  for (const double value : x) largest = value > largest ? value : largest;
  std::printf("forget=%s homepage=%s temperature=%s\n", NAS_HAS(table, nas_sampler_vt, forget) ? "yes" : "no",
              plugin.size >= offsetof(nas_plugin, homepage) + sizeof plugin.homepage ? "yes" : "no",
              largest < 0.01 ? "used" : "unknown");
  table->destroy(self);
  return 0;
}
