// Writing a search space: a probabilistic program that declares random variables once and maps their values to a graph.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "nascent/graph.hpp"
#include "nascent/plugin.hpp"
#include "nascent/space_builder.hpp"

NASCENT_SDK_BEGIN

// What the data demands of an architecture.
struct SpaceSetup {
  Host host;
  bool has_data = false;
  Shape input_shape;               // without the batch dimension: [channels, height, width] or [features]
  std::int64_t n_classes = 0;      // 0 = regression
  std::int64_t n_outputs = 0;      // classes, or regression targets
};

struct SpaceKind;
// A search space plugin: declares in its constructor (through SpaceBuilder), builds on demand.
class Space {
 public:
  using Kind = SpaceKind;
  virtual ~Space() = default;
  // Constant while the instance lives.
  [[nodiscard]] virtual const SpaceDeclaration& declaration() const = 0;
  // Pure; any thread. No graph: a space of parameters only. Throws Error(NAS_E_INVALID) with the reason when this
  // configuration has no architecture.
  [[nodiscard]] virtual std::optional<Graph> build(const Values& values) const = 0;
};

struct SpaceKind {
  static constexpr std::string_view id = NAS_KIND_SPACE;
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* kind_arg, void** self, nas_error* error) noexcept {
    return guarded(error, [&] {
      const auto& arg = detail::required<nas_space_arg>(kind_arg, "nas_space_arg");
      SpaceSetup setup{Host(host), arg.shape != nullptr, {}, 0, 0};
      if (arg.shape != nullptr) {
        setup.input_shape.assign(arg.shape->input_shape, arg.shape->input_shape + arg.shape->input_ndim);
        setup.n_classes = arg.shape->n_classes;
        setup.n_outputs = arg.shape->n_outputs;
      }
      return detail::create<T>(config, setup, self, error);
    });
  }
  template <class T>
  static nas_status NAS_CALL describe(void* self, const nas_space** out, nas_error* error) noexcept {
    return guarded(error, [&] { *out = detail::self_of<T>(self).declaration().view(); });
  }
  template <class T>
  static nas_status NAS_CALL build(void* self, const double* x, const std::uint8_t* active, nas_graph** out, nas_error* error) noexcept {
    return guarded(error, [&] {
      const T& space = detail::self_of<T>(self);
      const SpaceView view(space.declaration().view());
      const std::optional<Graph> graph = space.build(Values(view, ConstRow({x, view.size()}, {active, view.size()})));
      *out = graph ? graph->to_abi() : nullptr;
    });
  }
  template <class T>
  static constexpr nas_space_vt table{sizeof(nas_space_vt), NAS_F_REENTRANT, &create<T>, &detail::destroy<T>, &detail::extension<T>,
                                      &describe<T>, &build<T>};
};

NASCENT_SDK_END
