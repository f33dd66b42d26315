#include "dataset_window.hpp"

#include <nascent/error.hpp>

namespace nascent::core {

constexpr std::string_view kNoSplit = "this split is not part of what a search may see";

const nas_dataset_vt DatasetWindow::table_{
    sizeof(nas_dataset_vt), NAS_F_REENTRANT, &create, &destroy, &extension, &info, &whole, &gather};

std::uint32_t DatasetWindow::let_in(const nas_split& split, std::uint32_t original) {
  splits_.push_back(split);
  originals_.push_back(original);
  info_.splits = splits_.data();
  info_.n_splits = static_cast<std::uint32_t>(splits_.size());
  return info_.n_splits - 1;
}

nas_dataset DatasetWindow::data() const { return {&table_, const_cast<DatasetWindow*>(this)}; }

nas_status DatasetWindow::create(const nas_host*, const nas_config*, const void*, void**, nas_error* error) noexcept {
  return set_error(error, NAS_E_UNSUPPORTED, "the host's view of a dataset cannot be created anew");
}

nas_status DatasetWindow::info(void* self, const nas_dataset_info** out, nas_error*) noexcept {
  *out = &of(self).info_;
  return NAS_OK;
}

nas_status DatasetWindow::whole(void* self, std::uint32_t split, nas_tensor** out, nas_error* error) noexcept {
  const DatasetWindow& window = of(self);
  if (split >= window.originals_.size()) return set_error(error, NAS_E_INVALID, kNoSplit);
  return window.dataset_->table().whole(window.dataset_->self(), window.originals_[split], out, error);
}

nas_status DatasetWindow::gather(void* self, std::uint32_t split, const std::int64_t* index, std::size_t n,
                                 nas_tensor** out, nas_error* error) noexcept {
  const DatasetWindow& window = of(self);
  if (split >= window.originals_.size()) return set_error(error, NAS_E_INVALID, kNoSplit);
  return window.dataset_->table().gather(window.dataset_->self(), window.originals_[split], index, n, out, error);
}

}  // namespace nascent::core
