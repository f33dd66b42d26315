// Standardisation by the mean and deviation of the training rows: part of the model, measured once, applied to raw inputs.
#pragma once

#include <ATen/ATen.h>

#include <span>

#include "model_file.hpp"

namespace nascent::libtorch {

// Over the rows named of values [rows, ...]: one mean and one 1/deviation (1 where all values are equal) per channel of
// `shape`, see standardised_width(). Empty when there are no rows. values: contiguous, any real element type.
Standardisation measure(const at::Tensor& values, const Shape& shape, std::span<const std::int64_t> rows);

// Raw rows [n, ...] as the graph's input [n, shape...]: integers stay as they are when `by` is empty, everything else
// becomes float32, (x - mean) * scale. Throws Error when the rows have another number of elements than `shape`.
at::Tensor standardise(const at::Tensor& raw, const Shape& shape, const Standardisation& by);

// The inverse, for regression outputs [n, targets]: y / scale + mean.
at::Tensor unstandardise(const at::Tensor& y, const Standardisation& by);

// Mean or scale as a tensor that broadcasts over [n, shape...].
at::Tensor broadcastable(const std::vector<float>& values, const Shape& shape);

}  // namespace nascent::libtorch
