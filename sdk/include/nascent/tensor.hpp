// Tensors that cross the border: DLPack 1.x layout, one owner, freed through the maker's deleter.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "nascent/abi.h"
#include "nascent/error.hpp"
#include "nascent/namespace.hpp"

NASCENT_SDK_BEGIN

// Element type of a tensor, DLPack code and bits.
struct DType {
  std::uint8_t code = 2, bits = 32;
  bool operator==(const DType&) const = default;
};
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>) return {6, 8};
  if constexpr (std::is_floating_point_v<T>) return {2, 8 * sizeof(T)};
  if constexpr (std::is_unsigned_v<T>) return {1, 8 * sizeof(T)};
  return {0, 8 * sizeof(T)};
}

// Owns one nas_tensor; movable.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(nas_tensor* raw) : raw_(raw) {}
  Tensor(Tensor&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Tensor& operator=(Tensor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  ~Tensor() {
    if (raw_ != nullptr && raw_->deleter != nullptr) raw_->deleter(raw_);
  }

  // A view of memory that `owner` keeps alive; compact row-major; on the CPU.
  static Tensor view(const void* data, DType dtype, std::vector<std::int64_t> shape, std::shared_ptr<const void> owner) {
    struct Held {
      nas_tensor tensor{};
      std::vector<std::int64_t> shape;
      std::shared_ptr<const void> owner;
    };
    auto* held = new Held{{}, std::move(shape), std::move(owner)};
    nas_tensor& t = held->tensor;
    t.version = {1, 0};
    t.manager_ctx = held;
    t.deleter = [](nas_tensor* self) noexcept { delete static_cast<Held*>(self->manager_ctx); };
    t.dl_tensor.data = const_cast<void*>(data);
    t.dl_tensor.device = {1, 0};
    t.dl_tensor.ndim = static_cast<std::int32_t>(held->shape.size());
    t.dl_tensor.dtype = {dtype.code, dtype.bits, 1};
    t.dl_tensor.shape = held->shape.data();
    return Tensor(&t);
  }
  // Takes over the elements.
  template <class T>
  static Tensor from(std::vector<T> values, std::vector<std::int64_t> shape) {
    auto owner = std::make_shared<std::vector<T>>(std::move(values));
    const void* data = owner->data();
    return view(data, dtype_of<T>(), std::move(shape), std::move(owner));
  }

  [[nodiscard]] bool empty() const { return raw_ == nullptr; }
  [[nodiscard]] nas_tensor* get() const { return raw_; }
  // Hands the tensor to the other side, which frees it.
  [[nodiscard]] nas_tensor* release() { return std::exchange(raw_, nullptr); }

  [[nodiscard]] std::span<const std::int64_t> shape() const {
    return {raw_->dl_tensor.shape, static_cast<std::size_t>(raw_->dl_tensor.ndim)};
  }
  [[nodiscard]] std::int64_t elements() const {
    std::int64_t n = 1;
    for (const std::int64_t extent : shape()) n *= extent;
    return n;
  }
  [[nodiscard]] DType dtype() const { return {raw_->dl_tensor.dtype.code, raw_->dl_tensor.dtype.bits}; }
  [[nodiscard]] bool is_compact() const {
    if (raw_->dl_tensor.strides == nullptr || elements() == 0) return true;
    std::int64_t expected = 1;
    for (std::size_t i = shape().size(); i-- > 0;) {
      if (shape()[i] > 1 && raw_->dl_tensor.strides[i] != expected) return false;
      expected *= shape()[i];
    }
    return true;
  }
  // The elements of a compact CPU tensor; throws when dtype, device or layout differ.
  template <class T>
  [[nodiscard]] std::span<const T> values() const {
    if (dtype() != dtype_of<T>() || raw_->dl_tensor.dtype.lanes != 1 || raw_->dl_tensor.device.type != 1 || !is_compact()) {
      throw Error(NAS_E_INVALID, "tensor has another element type, device or layout than the reader expects");
    }
    const auto* bytes = static_cast<const char*>(raw_->dl_tensor.data) + raw_->dl_tensor.byte_offset;
    return {reinterpret_cast<const T*>(bytes), static_cast<std::size_t>(elements())};
  }

 private:
  nas_tensor* raw_ = nullptr;
};

NASCENT_SDK_END
