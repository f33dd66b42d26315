// Loops over channels-last activations: what LibTorch runs in several passes, in one or two. Free of LibTorch.
//
// An activation is a matrix of `rows` = batch * height * width rows and `channels` columns, float32 or bfloat16.
// Sums are kept in float32 for a few thousand numbers and in float64 beyond.
#pragma once

#include <cstdint>

namespace nascent::libtorch {

enum class Element { float32, bfloat16 };

struct Extent {
  Element element = Element::float32;
  std::int64_t rows = 0, channels = 0;
};

// What the values pass through after scale and shift.
enum class Rectify { no, yes };

// Mean and (biased) variance of each channel: [channels] each.
void channel_moments(const void* x, Extent extent, float* mean, float* variance);

// y = x * scale[c] + shift[c] + added, then max(., 0) for Rectify::yes. added: like x, or null.
void channel_scale(const void* x, const float* scale, const float* shift, const void* added, Rectify rectify, Extent extent, void* y);

// Backward of the above. The gradient that passes the rectifier is g = dy where y > 0 (dy for Rectify::no).
// Sums over rows of g and of g * (x - mean[c]): [channels] each.
void channel_gradient_sums(const void* x, const void* dy, const void* y, const float* mean, Rectify rectify, Extent extent, float* sum_g,
                           float* sum_gx);
// dx = g * a[c] + x * b[c] + d[c]; d_added = g unless it is null.
void channel_gradient(const void* x, const void* dy, const void* y, const float* a, const float* b, const float* d, Rectify rectify,
                      Extent extent, void* dx, void* d_added);

// Images [n, height, width, channels].
struct Image {
  Element element = Element::float32;
  std::int64_t n = 0, height = 0, width = 0, channels = 0;
};

// Largest of each 2x2 square, stride 2; an odd last line or column is left out. NaN wins.
void max_pool_2x2(const void* x, Image image, void* y);
// dx: dy at the first place of each square where x equals y, 0 elsewhere.
void max_pool_2x2_gradient(const void* x, const void* y, const void* dy, Image image, void* dx);

// y[i] = x[i] * scale where number first + i of the stream lies below keep / 2^16, else 0. Number k is the k % 4-th 16-bit part of
// SplitMix64 (Steele, Lea, Flood 2014) at counter k / 4: the same call on a gradient drops the same places.
void drop(const void* x, Element element, std::int64_t n, std::uint64_t seed, std::int64_t first, std::uint32_t keep, float scale, void* y);

}  // namespace nascent::libtorch
