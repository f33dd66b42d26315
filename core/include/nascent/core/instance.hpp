// One instance of a component: created from its options, called through its table, destroyed with its owner.
#pragma once

#include <nascent/abi.h>

#include <string>
#include <string_view>
#include <utility>

#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"

namespace nascent::core {

// What a plugin answered when it did not answer NAS_OK. Converts to Error by slicing.
struct PluginError : Error {
  nas_status status = NAS_E_INTERNAL;
  std::string option;  // JSON pointer of the option at fault ("/population"), or ""
  std::string reason;  // the plugin's own words; `message` puts the component before them
};

template <class T>
using PluginResult = tl::expected<T, PluginError>;

// A plugin's answer where only the message matters (values convert by themselves).
inline Result<void> to_result(const PluginResult<void>& answer) {
  if (!answer) return tl::unexpected<Error>(answer.error());
  return {};
}

// "invalid", "unsupported", "cancelled", "out of memory", "i/o", "numeric", "internal", "exhausted".
std::string_view status_name(nas_status status);

// Reads the caller-owned error struct defensively: the texts may lack their NUL or be no UTF-8.
PluginError plugin_error(const nas_component& component, nas_status status, const nas_error& error);

// The kind a table belongs to.
template <class Table>
inline constexpr const char* kind_of = nullptr;
template <>
inline constexpr const char* kind_of<nas_space_vt> = NAS_KIND_SPACE;
template <>
inline constexpr const char* kind_of<nas_sampler_vt> = NAS_KIND_SAMPLER;
template <>
inline constexpr const char* kind_of<nas_scheduler_vt> = NAS_KIND_SCHEDULER;
template <>
inline constexpr const char* kind_of<nas_dataset_vt> = NAS_KIND_DATASET;
template <>
inline constexpr const char* kind_of<nas_trainer_vt> = NAS_KIND_TRAINER;
template <>
inline constexpr const char* kind_of<nas_compressor_vt> = NAS_KIND_COMPRESSOR;
template <>
inline constexpr const char* kind_of<nas_evaluator_vt> = NAS_KIND_EVALUATOR;

// Owns one `self`. Move-only. Calls follow the thread marks of the table's slots ([X]: one at a time).
//   auto sampler = Instance<nas_sampler_vt>::create(*component, config, &arg);
//   PluginResult<void> told = sampler->call(&nas_sampler_vt::tell, &observations);
template <class Table>
class Instance {
 public:
  // `config` holds the options, validated and completed with defaults; `kind_arg` is the struct the kind names.
  static PluginResult<Instance> create(const nas_component& component, const nas_config& config,
                                       const void* kind_arg = nullptr) {
    if (std::string_view(component.kind.p, component.kind.n) != kind_of<Table>)
      return tl::unexpected(plugin_error(component, NAS_E_INVALID, wrong_kind()));
    const auto* table = static_cast<const Table*>(component.vt);
    nas_error error{};
    void* self = nullptr;
    const nas_status status = table->create(&host(), &config, kind_arg, &self, &error);
    if (status != NAS_OK) return tl::unexpected(plugin_error(component, status, error));
    return Instance(component, self);
  }

  Instance(Instance&& other) noexcept
      : component_(other.component_),
        self_(std::exchange(other.self_, nullptr)),
        alive_(std::exchange(other.alive_, false)) {}
  Instance& operator=(Instance&& other) noexcept {
    std::swap(component_, other.component_);
    std::swap(self_, other.self_);
    std::swap(alive_, other.alive_);
    return *this;
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() {
    if (alive_) table().destroy(self_);
  }

  // Calls a slot that ends in nas_error*: call(&nas_sampler_vt::ask, &ask).
  template <class Slot, class... Args>
  PluginResult<void> call(Slot Table::*slot, Args... args) const {
    nas_error error{};
    const nas_status status = (table().*slot)(self_, args..., &error);
    if (status != NAS_OK) return tl::unexpected(plugin_error(*component_, status, error));
    return {};
  }

  // Optional capability, or nullptr.
  template <class Extension>
  const Extension* extension(const char* id) const {
    return static_cast<const Extension*>(table().extension(self_, id));
  }

  const Table& table() const { return *static_cast<const Table*>(component_->vt); }
  void* self() const { return self_; }
  const nas_component& component() const { return *component_; }

 private:
  Instance(const nas_component& component, void* self) : component_(&component), self_(self), alive_(true) {}

  static nas_error wrong_kind() {
    nas_error error{};
    constexpr std::string_view text = "the component is of another kind than the table asked for";
    text.copy(error.message, text.size());
    return error;
  }

  const nas_component* component_;
  void* self_;
  bool alive_;  // a plugin may use a null self
};

}  // namespace nascent::core
