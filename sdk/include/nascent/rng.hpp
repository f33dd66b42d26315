// Counter-based random numbers: draw k of (seed, trial, stream) depends on nothing else, so threads, resume and replay agree.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011), Philox4x32-10.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "nascent/namespace.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

NASCENT_SDK_BEGIN

// One Philox4x32-10 block: 128 random bits from a 128-bit counter and a 64-bit key.
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

namespace detail {
// The upper 53 bits as a number in [0, 1).
constexpr double to_unit_interval(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

#if defined(__SSE2__)
// The four numbers in [0, 1) that blocks `block` and `block + 1` hold, made side by side: each 32-bit word of either block
// has a 64-bit lane, whose upper half nobody reads.
inline void two_blocks(std::uint32_t block, const std::array<std::uint32_t, 2>& trial, std::uint32_t stream,
                       const std::array<std::uint32_t, 2>& key, double* out) {
  const auto both = [](std::uint32_t word) { return _mm_set1_epi64x(word); };
  __m128i c0 = _mm_set_epi64x(std::uint32_t{block + 1}, block), c1 = both(trial[0]), c2 = both(trial[1]), c3 = both(stream);
  __m128i key0 = both(key[0]), key1 = both(key[1]);
  for (int round = 0; round < 10; ++round) {
    const __m128i product0 = _mm_mul_epu32(c0, both(0xD2511F53U)), product1 = _mm_mul_epu32(c2, both(0xCD9E8D57U));
    c0 = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(product1, 32), c1), key0);
    c1 = product1;
    c2 = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(product0, 32), c3), key1);
    c3 = product0;
    key0 = _mm_add_epi32(key0, both(0x9E3779B9U));
    key1 = _mm_add_epi32(key1, both(0xBB67AE85U));
  }
  const auto store = [out](__m128i low, __m128i high, std::size_t at) {
    std::array<std::uint64_t, 2> bits{};
    const __m128i whole = _mm_or_si128(_mm_and_si128(low, _mm_set1_epi64x(0xFFFFFFFF)), _mm_slli_epi64(high, 32));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bits.data()), whole);
    out[at] = to_unit_interval(bits[0]);
    out[at + 2] = to_unit_interval(bits[1]);
  };
  store(c0, c1, 0);
  store(c2, c3, 1);
}
#endif
}  // namespace detail

// Standard normal quantile, relative error below 1e-15: Wichura, "Algorithm AS 241" (Applied Statistics 37, 1988), PPND16.
// p in (0, 1); 0 and 1 give -inf and +inf.
inline double normal_quantile(double p) {
  const double q = p - 0.5;
  const auto ratio = [](double r, const std::array<double, 8>& a, const std::array<double, 8>& b) {
    double numerator = a[7], denominator = b[7];
    for (int i = 6; i >= 0; --i) {
      numerator = numerator * r + a[static_cast<std::size_t>(i)];
      denominator = denominator * r + b[static_cast<std::size_t>(i)];
    }
    return numerator / denominator;
  };
  if (std::abs(q) <= 0.425) {
    static constexpr std::array<double, 8> a{3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                             1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                             3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static constexpr std::array<double, 8> b{1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2,
                                             5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
                                             2.8729085735721942674e+4, 5.2264952788528545610e+3};
    return q * ratio(0.180625 - q * q, a, b);
  }
  const double tail = q < 0 ? p : 1 - p;
  if (tail <= 0) return q < 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  const double r = std::sqrt(-std::log(tail));
  double z = 0;
  if (r <= 5) {
    static constexpr std::array<double, 8> c{1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                             3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static constexpr std::array<double, 8> d{1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
                                             6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                                             5.47593808499534494600e-4, 1.05075007164441684324e-9};
    z = ratio(r - 1.6, c, d);
  } else {
    static constexpr std::array<double, 8> e{6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                             2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static constexpr std::array<double, 8> f{1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
                                             1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                                             1.42151175831644588870e-7, 2.04426310338993978564e-15};
    z = ratio(r - 5, e, f);
  }
  return q < 0 ? -z : z;
}

inline double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// A stream of random numbers; copy it to fork, construct it again to repeat. Satisfies std::uniform_random_bit_generator.
class Rng {
 public:
  using result_type = std::uint64_t;
  // Streams of one (seed, trial) are independent; so are trials of one seed.
  explicit constexpr Rng(std::uint64_t seed, std::uint64_t trial = 0, std::uint32_t stream = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        trial_{static_cast<std::uint32_t>(trial), static_cast<std::uint32_t>(trial >> 32)},
        stream_(stream) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  constexpr result_type operator()() {
    if (half_) {
      half_ = false;
      return std::uint64_t{words_[3]} << 32 | words_[2];
    }
    words_ = philox4x32({block_++, trial_[0], trial_[1], stream_}, key_);
    half_ = true;
    return std::uint64_t{words_[1]} << 32 | words_[0];
  }

  // Uniform on [0, 1), 53 bits.
  constexpr double uniform() { return detail::to_unit_interval((*this)()); }
  // As many calls of uniform().
  void fill(std::span<double> out) {
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; !half_ && i + 4 <= out.size(); i += 4, block_ += 2) detail::two_blocks(block_, trial_, stream_, key_, &out[i]);
#endif
    for (; i < out.size(); ++i) out[i] = uniform();
  }
  // Uniform between lo and hi; hi itself only by rounding.
  constexpr double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }

  // Uniform on {0, ..., n-1}, n >= 1, without bias: Lemire, "Fast Random Integer Generation in an Interval" (TOMACS 2019).
  constexpr std::uint64_t below(std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    Wide product = Wide{(*this)()} * n;
    if (static_cast<std::uint64_t>(product) < n) {
      const std::uint64_t threshold = (0 - n) % n;
      while (static_cast<std::uint64_t>(product) < threshold) product = Wide{(*this)()} * n;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Standard normal, by inversion: one draw, one number.
  double normal() { return normal_quantile((static_cast<double>((*this)() >> 12) + 0.5) * 0x1.0p-52); }

 private:
  std::array<std::uint32_t, 2> key_, trial_;
  std::uint32_t stream_, block_ = 0;
  std::array<std::uint32_t, 4> words_{};
  bool half_ = false;
};

// A seed for a named part of a computation, independent of its siblings.
constexpr std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t part) {
  const auto words = philox4x32({static_cast<std::uint32_t>(part), static_cast<std::uint32_t>(part >> 32), 0x5EEDU, 0},
                                {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{words[1]} << 32 | words[0];
}

NASCENT_SDK_END
