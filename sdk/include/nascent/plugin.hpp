// From classes to a plugin: component descriptions as constant data, the entry symbol, the host.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "nascent/abi.h"
#include "nascent/error.hpp"
#include "nascent/namespace.hpp"
#include "nascent/options.hpp"

NASCENT_SDK_BEGIN

// What a component says of itself: `static constexpr nascent::About about{...}` in its class.
struct About {
  std::string_view id;       // reverse DNS, unique in the world: "com.example.sampler.greedy"
  std::string_view alias;    // the short name written in TOML: "greedy"
  std::string_view version;  // semantic version of the component
  std::string_view title;    // one line for lists
};

// The program that loaded this plugin.
class Host {
 public:
  Host() = default;
  explicit Host(const nas_host* host) : host_(host) {}
  // level: NAS_LOG_*; message: one line of `key=value` data.
  void log(std::uint32_t level, std::string_view who, std::string_view message) const {
    if (host_ != nullptr) host_->log(host_->ctx, level, str(who), str(message));
  }
  [[nodiscard]] const nas_host* get() const { return host_; }

 private:
  const nas_host* host_ = nullptr;
};

template <class T>
concept HasOptions = requires { T::options.data(); };

template <class T>
concept ListsReportedMetrics = requires { T::reported.data(); };

template <class T>
concept SaysWhatTrainingNeeds = requires { T::training_needs; };

// One component's description. T derives from a kind's base class, which names its Kind: the ABI id and the table.
template <class T>
struct ComponentOf {
  static constexpr nas_component make() {
    nas_component c{};
    c.size = sizeof c;
    c.kind = str(T::Kind::id);
    c.id = str(T::about.id);
    c.alias = str(T::about.alias);
    c.version = str(T::about.version);
    c.title = str(T::about.title);
    c.option_stride = sizeof(Option);
    if constexpr (HasOptions<T>) {
      c.n_options = static_cast<std::uint32_t>(T::options.size());
      c.options = T::options.data();
    }
    c.vt = &T::Kind::template table<T>;
    if constexpr (SaysWhatTrainingNeeds<T>) c.flags = T::training_needs;
    if constexpr (ListsReportedMetrics<T>) {
      c.metrics = T::reported.data();
      c.n_metrics = static_cast<std::uint32_t>(T::reported.size());
    }
    return c;
  }
  static constexpr nas_component value = make();
};

template <class... T>
inline constexpr std::array<const nas_component*, sizeof...(T)> components_of{&ComponentOf<T>::value...};

#ifndef NASCENT_BUILD_TAG  // names what may exist only once per process, such as "libtorch 1.13.1"
#define NASCENT_BUILD_TAG ""
#endif
#if defined(__clang__)
#define NASCENT_BUILD_TEXT "clang++ " __clang_version__ NASCENT_BUILD_TAG
#elif defined(__GNUC__)
#define NASCENT_BUILD_TEXT "g++ " __VERSION__ NASCENT_BUILD_TAG
#else
#define NASCENT_BUILD_TEXT "unknown compiler" NASCENT_BUILD_TAG
#endif

template <class... T>
constexpr nas_plugin describe_plugin(std::string_view id, std::string_view version) {
  nas_plugin p{};
  p.size = sizeof p;
  p.magic = NAS_MAGIC;
  p.abi_minor = NAS_ABI_MINOR;
  p.abi_minor_min = NAS_TARGET_MINOR;
  p.id = str(id);
  p.version = str(version);
  p.build = str(NASCENT_BUILD_TEXT);
  p.n_components = sizeof...(T);
  p.components = components_of<T...>.data();
  return p;
}

// Support for the kinds' tables.
namespace detail {
template <class T>
T& self_of(void* self) {
  return *static_cast<T*>(self);
}
template <class T>
void NAS_CALL destroy(void* self) noexcept {
  delete static_cast<T*>(self);
}
// A component offers optional capabilities by declaring `const void* extension(std::string_view id)`.
template <class T>
const void* NAS_CALL extension(void* self, const char* id) noexcept {
  if constexpr (requires(T& t) { t.extension(std::string_view{}); }) {
    try {
      return id == nullptr ? nullptr : self_of<T>(self).extension(std::string_view(id));
    } catch (...) {
      return nullptr;
    }
  } else {
    return nullptr;
  }
}
// T(options, setup), T(options) or T(), whichever there is.
template <class T, class Setup>
nas_status create(const nas_config* config, const Setup& setup, void** self, nas_error* error) noexcept {
  return guarded(error, [&] {
    const Options options(config);
    if constexpr (std::is_constructible_v<T, const Options&, const Setup&>) {
      *self = new T(options, setup);
    } else if constexpr (std::is_constructible_v<T, const Options&>) {
      *self = new T(options);
    } else {
      *self = new T();
    }
  });
}
template <class T>
const T& required(const void* kind_arg, const char* what) {
  if (kind_arg == nullptr) throw Error(NAS_E_INVALID, std::string(what) + " is missing; the host has to pass it to create");
  return *static_cast<const T*>(kind_arg);
}
}  // namespace detail

NASCENT_SDK_END

// The one line that makes a shared library a plugin: its id, its version, its component classes.
#define NASCENT_PLUGIN(id, version, ...)                                                                    \
  extern "C" NAS_EXPORT const nas_plugin* NAS_CALL nascent_plugin_v1(void) noexcept {                       \
    static constexpr nas_plugin plugin = ::nascent::describe_plugin<__VA_ARGS__>(id, version);              \
    return &plugin;                                                                                         \
  }
