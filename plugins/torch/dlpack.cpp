#include "dlpack.hpp"

namespace nascent::libtorch {
namespace {

struct ElementType {
  std::uint8_t code, bits;
  at::ScalarType type;
};
constexpr ElementType kElementTypes[] = {
    {1, 8, at::kByte},  {0, 8, at::kChar},      {0, 16, at::kShort},  {0, 32, at::kInt},    {0, 64, at::kLong},
    {2, 16, at::kHalf}, {4, 16, at::kBFloat16}, {2, 32, at::kFloat}, {2, 64, at::kDouble}, {6, 8, at::kBool}};

at::ScalarType scalar_type(const nas_tensor& tensor) {
  const auto& dtype = tensor.dl_tensor.dtype;
  for (const ElementType& known : kElementTypes) {
    if (known.code == dtype.code && known.bits == dtype.bits && dtype.lanes == 1) return known.type;
  }
  throw Error(NAS_E_INVALID, "a tensor has DLPack element type code " + std::to_string(dtype.code) + " with " +
                                 std::to_string(dtype.bits) + " bits; integers, floats, bfloat16 and bool are read");
}

struct Shared {
  nas_tensor tensor{};
  at::Tensor held;
};

}  // namespace

at::Tensor from_dlpack(Tensor tensor) {
  const nas_tensor& raw = *tensor.get();
  if (raw.dl_tensor.device.type != 1) {
    throw Error(NAS_E_INVALID, "a tensor lies on DLPack device " + std::to_string(raw.dl_tensor.device.type) +
                                   "; data has to be on the CPU (device 1)");
  }
  const at::ScalarType type = scalar_type(raw);
  const at::IntArrayRef shape(raw.dl_tensor.shape, static_cast<std::size_t>(raw.dl_tensor.ndim));
  void* data = static_cast<char*>(raw.dl_tensor.data) + raw.dl_tensor.byte_offset;
  if (tensor.elements() == 0) return at::empty(shape, type);
  std::shared_ptr<Tensor> owner = std::make_shared<Tensor>(std::move(tensor));
  const auto release = [owner](void*) mutable { owner.reset(); };
  if (raw.dl_tensor.strides == nullptr) return at::from_blob(data, shape, release, at::TensorOptions(type));
  const at::IntArrayRef strides(raw.dl_tensor.strides, shape.size());
  return at::from_blob(data, shape, strides, release, at::TensorOptions(type));
}

Tensor to_dlpack(at::Tensor tensor) {
  auto shared = std::make_unique<Shared>();
  shared->held = tensor.detach();
  nas_tensor& raw = shared->tensor;
  raw.version = {1, 0};
  raw.manager_ctx = shared.get();
  raw.deleter = [](nas_tensor* self) noexcept { delete static_cast<Shared*>(self->manager_ctx); };
  raw.dl_tensor.data = shared->held.data_ptr();
  const bool cuda = shared->held.is_cuda();
  raw.dl_tensor.device = {cuda ? 2 : 1, cuda ? static_cast<std::int32_t>(shared->held.get_device()) : 0};
  raw.dl_tensor.ndim = static_cast<std::int32_t>(shared->held.dim());
  for (const ElementType& known : kElementTypes) {
    if (known.type == shared->held.scalar_type()) raw.dl_tensor.dtype = {known.code, known.bits, 1};
  }
  // The tensor held keeps these arrays alive; DLPack only lacks the const.
  raw.dl_tensor.shape = const_cast<std::int64_t*>(shared->held.sizes().data());
  raw.dl_tensor.strides = const_cast<std::int64_t*>(shared->held.strides().data());
  return Tensor(&shared.release()->tensor);
}

}  // namespace nascent::libtorch
