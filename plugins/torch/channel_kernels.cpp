#include "channel_kernels.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "vectorised.hpp"

#define NASCENT_INLINE static inline __attribute__((always_inline))

namespace nascent::libtorch {
namespace {

using Bf16 = std::uint16_t;

NASCENT_INLINE float load(float x) { return x; }
NASCENT_INLINE float load(Bf16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16U); }
NASCENT_INLINE void store(float& to, float x) { to = x; }
// To the nearest, ties to even.
NASCENT_INLINE void store(Bf16& to, float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  to = static_cast<Bf16>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

// Few channels make short inner loops; so several rows are treated as one wide row over which per-channel values repeat.
struct Tiling {
  std::int64_t rows_per_tile, width, tiles, rest;  // rest: numbers behind the last full tile
  explicit Tiling(Extent e)
      : rows_per_tile(std::max<std::int64_t>(1, 128 / std::max<std::int64_t>(e.channels, 1))),
        width(rows_per_tile * e.channels),
        tiles(e.rows / rows_per_tile),
        rest((e.rows % rows_per_tile) * e.channels) {}
  [[nodiscard]] std::vector<float> repeated(const float* values, std::int64_t channels) const {
    std::vector<float> out(static_cast<std::size_t>(width));
    for (std::int64_t r = 0; r < rows_per_tile; ++r) std::copy(values, values + channels, out.begin() + r * channels);
    return out;
  }
};

constexpr std::int64_t kTilesPerSum = 32;

// Per-column sums of a tile in float32, flushed to per-channel float64.
struct Sums {
  std::vector<float> first, second;
  std::vector<double> first_total, second_total;
  Sums(const Tiling& t, std::int64_t channels)
      : first(static_cast<std::size_t>(t.width)), second(first.size()), first_total(static_cast<std::size_t>(channels)), second_total(first_total.size()) {}
  void flush() {
    const std::size_t channels = first_total.size();
    for (std::size_t i = 0; i < first.size(); ++i) {
      first_total[i % channels] += static_cast<double>(first[i]);
      second_total[i % channels] += static_cast<double>(second[i]);
    }
    std::fill(first.begin(), first.end(), 0.0F);
    std::fill(second.begin(), second.end(), 0.0F);
  }
};

template <class T>
NASCENT_INLINE void add_moments(const T* __restrict x, const float* __restrict pivot, std::int64_t n, float* __restrict s, float* __restrict q) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float d = load(x[i]) - pivot[i];
    s[i] += d;
    q[i] += d * d;
  }
}

template <class T>
NASCENT_INLINE void scale_run(const T* __restrict x, const float* __restrict scale, const float* __restrict shift, const T* __restrict added,
                              bool rectify, std::int64_t n, T* __restrict y) {
  if (added != nullptr) {
    for (std::int64_t i = 0; i < n; ++i) {
      const float z = load(x[i]) * scale[i] + shift[i] + load(added[i]);
      store(y[i], rectify && z < 0 ? 0.0F : z);
    }
  } else {
    for (std::int64_t i = 0; i < n; ++i) {
      const float z = load(x[i]) * scale[i] + shift[i];
      store(y[i], rectify && z < 0 ? 0.0F : z);
    }
  }
}

template <class T>
NASCENT_INLINE float passed(T dy, T y, bool rectify) {
  return rectify && !(load(y) > 0) ? 0.0F : load(dy);
}

template <class T>
NASCENT_INLINE void add_gradients(const T* __restrict x, const T* __restrict dy, const T* __restrict y, const float* __restrict mean,
                                  bool rectify, std::int64_t n, float* __restrict s, float* __restrict q) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = passed(dy[i], y[i], rectify);
    s[i] += g;
    q[i] += g * (load(x[i]) - mean[i]);
  }
}

template <class T>
NASCENT_INLINE void gradient_run(const T* __restrict x, const T* __restrict dy, const T* __restrict y, const float* __restrict a,
                                 const float* __restrict b, const float* __restrict d, bool rectify, std::int64_t n, T* __restrict dx,
                                 T* __restrict d_added) {
  for (std::int64_t i = 0; i < n; ++i) store(dx[i], passed(dy[i], y[i], rectify) * a[i] + load(x[i]) * b[i] + d[i]);
  if (d_added == nullptr) return;
  for (std::int64_t i = 0; i < n; ++i) store(d_added[i], passed(dy[i], y[i], rectify));
}

NASCENT_INLINE float larger(float m, float x) { return m != m ? m : (x <= m ? m : x); }

template <class T>
NASCENT_INLINE void pool_run(const T* __restrict x0, const T* __restrict x1, std::int64_t channels, std::int64_t out_width, T* __restrict y) {
  for (std::int64_t o = 0; o < out_width; ++o, x0 += 2 * channels, x1 += 2 * channels, y += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      store(y[c], larger(larger(load(x0[c]), load(x0[channels + c])), larger(load(x1[c]), load(x1[channels + c]))));
    }
  }
}

template <class T>
NASCENT_INLINE void pool_gradient_run(const T* __restrict x0, const T* __restrict x1, const T* __restrict y, const T* __restrict dy,
                                      std::int64_t channels, std::int64_t out_width, T* __restrict d0, T* __restrict d1) {
  for (std::int64_t o = 0; o < out_width; ++o) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float m = load(y[c]);
      const bool a = load(x0[c]) == m, b = load(x0[channels + c]) == m, e = load(x1[c]) == m, f = load(x1[channels + c]) == m;
      const T zero{};
      d0[c] = a ? dy[c] : zero;
      d0[channels + c] = b && !a ? dy[c] : zero;
      d1[c] = e && !(a || b) ? dy[c] : zero;
      d1[channels + c] = f && !(a || b || e) ? dy[c] : zero;
    }
    x0 += 2 * channels, x1 += 2 * channels, d0 += 2 * channels, d1 += 2 * channels, y += channels, dy += channels;
  }
}

// n is a multiple of 4; counter: of the first four numbers.
template <class T>
NASCENT_INLINE void drop_run(const T* __restrict x, std::int64_t n, std::uint64_t seed, std::uint64_t counter, std::uint32_t keep, float scale,
                             T* __restrict y) {
  for (std::int64_t k = 0; k < n / 4; ++k) {
    std::uint64_t z = seed + (counter + static_cast<std::uint64_t>(k)) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    z ^= z >> 31U;
    for (std::int64_t j = 0; j < 4; ++j) {
      const auto bits = static_cast<std::uint32_t>(z >> static_cast<std::uint64_t>(16 * j)) & 0xFFFFU;
      store(y[4 * k + j], bits < keep ? load(x[4 * k + j]) * scale : 0.0F);
    }
  }
}

// One compiled form per element type and instruction set.
NASCENT_VECTORISED void moments_pass(const float* x, const float* p, std::int64_t n, float* s, float* q) { add_moments(x, p, n, s, q); }
NASCENT_VECTORISED void moments_pass(const Bf16* x, const float* p, std::int64_t n, float* s, float* q) { add_moments(x, p, n, s, q); }
NASCENT_VECTORISED void scale_pass(const float* x, const float* a, const float* b, const float* added, bool r, std::int64_t n, float* y) {
  scale_run(x, a, b, added, r, n, y);
}
NASCENT_VECTORISED void scale_pass(const Bf16* x, const float* a, const float* b, const Bf16* added, bool r, std::int64_t n, Bf16* y) {
  scale_run(x, a, b, added, r, n, y);
}
NASCENT_VECTORISED void sums_pass(const float* x, const float* dy, const float* y, const float* mean, bool r, std::int64_t n, float* s, float* q) {
  add_gradients(x, dy, y, mean, r, n, s, q);
}
NASCENT_VECTORISED void sums_pass(const Bf16* x, const Bf16* dy, const Bf16* y, const float* mean, bool r, std::int64_t n, float* s, float* q) {
  add_gradients(x, dy, y, mean, r, n, s, q);
}
NASCENT_VECTORISED void gradient_pass(const float* x, const float* dy, const float* y, const float* a, const float* b, const float* d, bool r,
                                      std::int64_t n, float* dx, float* d_added) {
  gradient_run(x, dy, y, a, b, d, r, n, dx, d_added);
}
NASCENT_VECTORISED void gradient_pass(const Bf16* x, const Bf16* dy, const Bf16* y, const float* a, const float* b, const float* d, bool r,
                                      std::int64_t n, Bf16* dx, Bf16* d_added) {
  gradient_run(x, dy, y, a, b, d, r, n, dx, d_added);
}
NASCENT_VECTORISED void pool_pass(const float* x0, const float* x1, std::int64_t c, std::int64_t w, float* y) { pool_run(x0, x1, c, w, y); }
NASCENT_VECTORISED void pool_pass(const Bf16* x0, const Bf16* x1, std::int64_t c, std::int64_t w, Bf16* y) { pool_run(x0, x1, c, w, y); }
NASCENT_VECTORISED void pool_gradient_pass(const float* x0, const float* x1, const float* y, const float* dy, std::int64_t c, std::int64_t w,
                                           float* d0, float* d1) {
  pool_gradient_run(x0, x1, y, dy, c, w, d0, d1);
}
NASCENT_VECTORISED void pool_gradient_pass(const Bf16* x0, const Bf16* x1, const Bf16* y, const Bf16* dy, std::int64_t c, std::int64_t w,
                                           Bf16* d0, Bf16* d1) {
  pool_gradient_run(x0, x1, y, dy, c, w, d0, d1);
}

NASCENT_VECTORISED void drop_pass(const float* x, std::int64_t n, std::uint64_t seed, std::uint64_t at, std::uint32_t keep, float s, float* y) {
  drop_run(x, n, seed, at, keep, s, y);
}
NASCENT_VECTORISED void drop_pass(const Bf16* x, std::int64_t n, std::uint64_t seed, std::uint64_t at, std::uint32_t keep, float s, Bf16* y) {
  drop_run(x, n, seed, at, keep, s, y);
}

// body(offset, numbers, index) for every tile and the rest.
template <class Body>
void for_tiles(const Tiling& t, const Body& body) {
  for (std::int64_t k = 0; k < t.tiles; ++k) body(k * t.width, t.width, k);
  if (t.rest > 0) body(t.tiles * t.width, t.rest, t.tiles);
}

template <class Body>
void with_element(Element element, const Body& body) {
  if (element == Element::bfloat16) {
    body(Bf16{});
  } else {
    body(float{});
  }
}

}  // namespace

void channel_moments(const void* x, Extent e, float* mean, float* variance) {
  with_element(e.element, [&](auto tag) {
    using T = decltype(tag);
    const auto* data = static_cast<const T*>(x);
    const Tiling t(e);
    // Sums are of differences to the first row: exact enough when the mean is large.
    std::vector<float> pivot(static_cast<std::size_t>(e.channels));
    for (std::size_t c = 0; c < pivot.size(); ++c) pivot[c] = load(data[c]);
    const std::vector<float> pivots = t.repeated(pivot.data(), e.channels);
    Sums sums(t, e.channels);
    for_tiles(t, [&](std::int64_t at, std::int64_t n, std::int64_t k) {
      moments_pass(data + at, pivots.data(), n, sums.first.data(), sums.second.data());
      if (k % kTilesPerSum == kTilesPerSum - 1) sums.flush();
    });
    sums.flush();
    const auto rows = static_cast<double>(e.rows);
    for (std::size_t c = 0; c < pivot.size(); ++c) {
      const double m = sums.first_total[c] / rows;
      mean[c] = static_cast<float>(static_cast<double>(pivot[c]) + m);
      variance[c] = static_cast<float>(std::max(sums.second_total[c] / rows - m * m, 0.0));
      if (m != m) variance[c] = mean[c];  // NaN stays NaN
    }
  });
}

void channel_scale(const void* x, const float* scale, const float* shift, const void* added, Rectify rectify, Extent e, void* y) {
  with_element(e.element, [&](auto tag) {
    using T = decltype(tag);
    const Tiling t(e);
    const std::vector<float> scales = t.repeated(scale, e.channels), shifts = t.repeated(shift, e.channels);
    const auto *data = static_cast<const T*>(x), *extra = static_cast<const T*>(added);
    for_tiles(t, [&](std::int64_t at, std::int64_t n, std::int64_t) {
      scale_pass(data + at, scales.data(), shifts.data(), extra == nullptr ? nullptr : extra + at, rectify == Rectify::yes, n, static_cast<T*>(y) + at);
    });
  });
}

void channel_gradient_sums(const void* x, const void* dy, const void* y, const float* mean, Rectify rectify, Extent e, float* sum_g,
                           float* sum_gx) {
  with_element(e.element, [&](auto tag) {
    using T = decltype(tag);
    const Tiling t(e);
    const std::vector<float> means = t.repeated(mean, e.channels);
    Sums sums(t, e.channels);
    for_tiles(t, [&](std::int64_t at, std::int64_t n, std::int64_t k) {
      sums_pass(static_cast<const T*>(x) + at, static_cast<const T*>(dy) + at, static_cast<const T*>(y) + at, means.data(),
                rectify == Rectify::yes, n, sums.first.data(), sums.second.data());
      if (k % kTilesPerSum == kTilesPerSum - 1) sums.flush();
    });
    sums.flush();
    for (std::size_t c = 0; c < sums.first_total.size(); ++c) {
      sum_g[c] = static_cast<float>(sums.first_total[c]);
      sum_gx[c] = static_cast<float>(sums.second_total[c]);
    }
  });
}

void channel_gradient(const void* x, const void* dy, const void* y, const float* a, const float* b, const float* d, Rectify rectify,
                      Extent e, void* dx, void* d_added) {
  with_element(e.element, [&](auto tag) {
    using T = decltype(tag);
    const Tiling t(e);
    const std::vector<float> as = t.repeated(a, e.channels), bs = t.repeated(b, e.channels), ds = t.repeated(d, e.channels);
    for_tiles(t, [&](std::int64_t at, std::int64_t n, std::int64_t) {
      T* extra = d_added == nullptr ? nullptr : static_cast<T*>(d_added) + at;
      gradient_pass(static_cast<const T*>(x) + at, static_cast<const T*>(dy) + at, static_cast<const T*>(y) + at, as.data(), bs.data(), ds.data(),
                    rectify == Rectify::yes, n, static_cast<T*>(dx) + at, extra);
    });
  });
}

void max_pool_2x2(const void* x, Image im, void* y) {
  with_element(im.element, [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t line = im.width * im.channels, out_line = im.width / 2 * im.channels;
    for (std::int64_t i = 0; i < im.n; ++i) {
      for (std::int64_t o = 0; o < im.height / 2; ++o) {
        const T* from = static_cast<const T*>(x) + (i * im.height + 2 * o) * line;
        pool_pass(from, from + line, im.channels, im.width / 2, static_cast<T*>(y) + (i * (im.height / 2) + o) * out_line);
      }
    }
  });
}

void max_pool_2x2_gradient(const void* x, const void* y, const void* dy, Image im, void* dx) {
  with_element(im.element, [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t line = im.width * im.channels, out_line = im.width / 2 * im.channels;
    const bool odd = im.height % 2 != 0 || im.width % 2 != 0;
    if (odd) std::memset(dx, 0, static_cast<std::size_t>(im.n * im.height * line) * sizeof(T));
    for (std::int64_t i = 0; i < im.n; ++i) {
      for (std::int64_t o = 0; o < im.height / 2; ++o) {
        const std::int64_t at = (i * im.height + 2 * o) * line, out_at = (i * (im.height / 2) + o) * out_line;
        const T* from = static_cast<const T*>(x) + at;
        T* to = static_cast<T*>(dx) + at;
        pool_gradient_pass(from, from + line, static_cast<const T*>(y) + out_at, static_cast<const T*>(dy) + out_at, im.channels, im.width / 2, to,
                           to + line);
      }
    }
  });
}

void drop(const void* x, Element element, std::int64_t n, std::uint64_t seed, std::int64_t first, std::uint32_t keep, float scale, void* y) {
  with_element(element, [&](auto tag) {
    using T = decltype(tag);
    const auto* from = static_cast<const T*>(x);
    auto* to = static_cast<T*>(y);
    // Numbers of the stream come in fours; a beginning or end within one is worked on beside the array.
    const auto part_of_four = [&](std::int64_t at, std::int64_t within, std::int64_t count) {
      T four[4]{}, dropped[4]{};
      std::copy(from + at, from + at + count, four + within);
      drop_pass(four, 4, seed, static_cast<std::uint64_t>((first + at) / 4), keep, scale, dropped);
      std::copy(dropped + within, dropped + within + count, to + at);
    };
    const std::int64_t within = first % 4, head = within == 0 ? 0 : std::min(4 - within, n), whole = (n - head) / 4 * 4;
    if (head > 0) part_of_four(0, within, head);
    drop_pass(from + head, whole, seed, static_cast<std::uint64_t>((first + head) / 4), keep, scale, to + head);
    if (head + whole < n) part_of_four(head + whole, 0, n - head - whole);
  });
}

}  // namespace nascent::libtorch
