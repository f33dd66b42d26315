// DLPack tensors of the plugin border <-> at::Tensor, without copying.
#pragma once

#include <ATen/ATen.h>

#include "nascent/tensor.hpp"

namespace nascent::libtorch {

// Takes the tensor over; its deleter runs when the last reference to the result is gone. CPU tensors of the element
// types uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64 and bool; throws Error(NAS_E_INVALID) for others.
at::Tensor from_dlpack(Tensor tensor);

// Shares the elements; strides are kept.
Tensor to_dlpack(at::Tensor tensor);

}  // namespace nascent::libtorch
