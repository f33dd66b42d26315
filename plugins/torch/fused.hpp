// Normalisation, addition and rectifier of channels-last images in one autograd node; pooling that remembers no indices.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace nascent::libtorch {

// CPU, [n, channels, height, width] dense in channels-last order, float32 or bfloat16.
bool is_channels_last_image(const at::Tensor& x);

struct BatchNormState {
  at::Tensor weight, bias, running_mean, running_var;  // float32 [channels]
  double momentum = 0.1, epsilon = 1e-5;               // momentum: share of the new value
};

class Team;

// relu(batch_norm(x) + added): `added` undefined or like x, the rectifier as asked. training: statistics of the batch,
// running ones are updated; of the whole batch where x is one process's part of it (team, or null). Ioffe and Szegedy 2015;
// backward as in section 3.
enum class Rectifier { none, relu };
at::Tensor fused_batch_norm(const at::Tensor& x, const BatchNormState& state, const at::Tensor& added, Rectifier rectifier, bool training,
                            const Team* team = nullptr);

// Batch normalisation in training of one process's part x of a batch, any layout and device: statistics of the whole batch.
at::Tensor shared_batch_norm(const at::Tensor& x, const BatchNormState& state, const Team& team);

// max_pool2d with kernel and stride 2, without padding.
at::Tensor fused_max_pool_2x2(const at::Tensor& x);

// Dropout (Srivastava et al. 2014) scaled at training time: each element is 0 with probability `ratio` in (0, 1), rounded to
// 1/65,536. Keeps a seed for the backward pass instead of a mask. x: on the CPU, float32 or bfloat16; its first element is number
// `first` of those that the mask is for.
at::Tensor fused_dropout(const at::Tensor& x, double ratio, std::uint64_t seed, std::int64_t first = 0);

}  // namespace nascent::libtorch
