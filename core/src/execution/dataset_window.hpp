// A dataset as plugins get it during a search: chosen splits only, through a table of the host's.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "nascent/core/instance.hpp"

namespace nascent::core {

// Shows the splits that were let in and passes calls on for them; the others do not exist for whoever holds data().
// Must not move while data() is in use.
class DatasetWindow {
 public:
  // `info` is the dataset's own; both must outlive the window.
  DatasetWindow(const Instance<nas_dataset_vt>& dataset, const nas_dataset_info& info)
      : dataset_(&dataset), info_(info) {
    info_.size = sizeof info_;
  }
  DatasetWindow(const DatasetWindow&) = delete;
  DatasetWindow& operator=(const DatasetWindow&) = delete;

  // Lets split `original` of the dataset in; returns its index in the window.
  std::uint32_t let_in(const nas_split& split, std::uint32_t original);
  [[nodiscard]] nas_dataset data() const;

 private:
  static const DatasetWindow& of(void* self) { return *static_cast<const DatasetWindow*>(self); }
  static nas_status NAS_CALL create(const nas_host*, const nas_config*, const void*, void**, nas_error* error) noexcept;
  static void NAS_CALL destroy(void*) noexcept {}
  static const void* NAS_CALL extension(void*, const char*) noexcept { return nullptr; }
  static nas_status NAS_CALL info(void* self, const nas_dataset_info** out, nas_error*) noexcept;
  static nas_status NAS_CALL whole(void* self, std::uint32_t split, nas_tensor** out, nas_error* error) noexcept;
  static nas_status NAS_CALL gather(void* self, std::uint32_t split, const std::int64_t* index, std::size_t n,
                                    nas_tensor** out, nas_error* error) noexcept;
  static const nas_dataset_vt table_;

  const Instance<nas_dataset_vt>* dataset_;
  nas_dataset_info info_;
  std::vector<nas_split> splits_;
  std::vector<std::uint32_t> originals_;
};

}  // namespace nascent::core
