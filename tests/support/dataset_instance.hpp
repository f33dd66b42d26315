// A dataset as the host sees it: opened and read through its C table.
#pragma once

#include <memory>

#include "nascent/dataset.hpp"
#include "support/config.hpp"

namespace nascent::test {

class DatasetInstance {
 public:
  // Throws Error when create() refuses.
  DatasetInstance(const nas_dataset_vt& vt, const Config& config) : vt_(&vt) {
    nas_error error{};
    void* self = nullptr;
    check(vt.create(nullptr, config.get(), nullptr, &self, &error), error);
    self_ = {self, vt.destroy};
  }
  [[nodiscard]] const nas_dataset_info& info() const {
    const nas_dataset_info* out = nullptr;
    nas_error error{};
    check(vt_->info(self_.get(), &out, &error), error);
    return *out;
  }
  // The split as a reader sees it.
  [[nodiscard]] Subset subset(std::uint32_t split) const { return Subset({{vt_, self_.get()}, split, 0, nullptr, 0}); }

 private:
  const nas_dataset_vt* vt_;
  std::unique_ptr<void, void (*)(void*) noexcept> self_{nullptr, nullptr};
};

}  // namespace nascent::test
