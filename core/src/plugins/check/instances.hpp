// Instances for checks: created from options that are destroyed right after create, so that a plugin which keeps a
// borrowed pointer shows it.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "nascent/core/instance.hpp"
#include "nascent/core/options.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {

// A private copy of a nas_config whose bytes can be overwritten.
class BorrowedConfig {
 public:
  explicit BorrowedConfig(const nas_config& from) {
    for (std::size_t i = 0; i < from.n; ++i) {
      nas_named_value item = from.items[i];
      item.name.p = static_cast<const char*>(keep(item.name.p, item.name.n));
      if (item.value.type == NAS_T_STR) item.value.u.s = static_cast<const char*>(keep(item.value.u.s, item.value.n));
      if (item.value.type == NAS_T_INTS)
        item.value.u.is = static_cast<const std::int64_t*>(keep(item.value.u.is, item.value.n * sizeof(std::int64_t)));
      if (item.value.type == NAS_T_FLOATS)
        item.value.u.fs = static_cast<const double*>(keep(item.value.u.fs, item.value.n * sizeof(double)));
      items_.push_back(item);
    }
    config_ = {sizeof config_, 0, items_.size(), items_.data()};
  }
  [[nodiscard]] const nas_config& config() const { return config_; }
  void spoil() {
    for (auto& block : blocks_) std::memset(block.bytes.get(), 0xA5, block.size);
    if (!items_.empty()) std::memset(static_cast<void*>(items_.data()), 0xA5, items_.size() * sizeof(nas_named_value));
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  const void* keep(const void* bytes, std::size_t size) {
    blocks_.push_back({std::make_unique<char[]>(size + 1), size});
    if (size > 0) std::memcpy(blocks_.back().bytes.get(), bytes, size);
    return blocks_.back().bytes.get();
  }
  std::vector<Block> blocks_;
  std::vector<nas_named_value> items_;
  nas_config config_{};
};

// The options' memory holds garbage from the return of create on.
template <class Table>
PluginResult<Instance<Table>> fresh(const nas_component& component, const OptionTable& options,
                                    const void* kind_arg = nullptr) {
  static std::vector<std::unique_ptr<BorrowedConfig>> spoilt;  // never freed: garbage, not unmapped memory
  spoilt.push_back(std::make_unique<BorrowedConfig>(options.view()));
  auto instance = Instance<Table>::create(component, spoilt.back()->config(), kind_arg);
  spoilt.back()->spoil();
  return instance;
}

// "sampler evolution": what findings begin with.
inline std::string subject_of(const nas_component& component) {
  return std::string(kind_name(text_of(component.kind))) + ' ' + text_of(component.alias);
}

}  // namespace nascent::core
