#include "direction_numbers.hpp"

#include <algorithm>
#include <bit>

#include "nascent/rng.hpp"

namespace nascent::sobol {
namespace {

using Initial = std::array<std::uint16_t, 9>;
// m_1, m_2, ... of dimensions 2, 3, ...: as many as the degree of the dimension's polynomial.
constexpr std::array<Initial, 100> joe_kuo{{{1},
                                            {1, 3},
                                            {1, 3, 1},
                                            {1, 1, 1},
                                            {1, 1, 3, 3},
                                            {1, 3, 5, 13},
                                            {1, 1, 5, 5, 17},
                                            {1, 1, 5, 5, 5},
                                            {1, 1, 7, 11, 19},
                                            {1, 1, 5, 1, 1},
                                            {1, 1, 1, 3, 11},
                                            {1, 3, 5, 5, 31},
                                            {1, 3, 3, 9, 7, 49},
                                            {1, 1, 1, 15, 21, 21},
                                            {1, 3, 1, 13, 27, 49},
                                            {1, 1, 1, 15, 7, 5},
                                            {1, 3, 1, 15, 13, 25},
                                            {1, 1, 5, 5, 19, 61},
                                            {1, 3, 7, 11, 23, 15, 103},
                                            {1, 3, 7, 13, 13, 15, 69},
                                            {1, 1, 3, 13, 7, 35, 63},
                                            {1, 3, 5, 9, 1, 25, 53},
                                            {1, 3, 1, 13, 9, 35, 107},
                                            {1, 3, 1, 5, 27, 61, 31},
                                            {1, 1, 5, 11, 19, 41, 61},
                                            {1, 3, 5, 3, 3, 13, 69},
                                            {1, 1, 7, 13, 1, 19, 1},
                                            {1, 3, 7, 5, 13, 19, 59},
                                            {1, 1, 3, 9, 25, 29, 41},
                                            {1, 3, 5, 13, 23, 1, 55},
                                            {1, 3, 7, 3, 13, 59, 17},
                                            {1, 3, 1, 3, 5, 53, 69},
                                            {1, 1, 5, 5, 23, 33, 13},
                                            {1, 1, 7, 7, 1, 61, 123},
                                            {1, 1, 7, 9, 13, 61, 49},
                                            {1, 3, 3, 5, 3, 55, 33},
                                            {1, 3, 1, 15, 31, 13, 49, 245},
                                            {1, 3, 5, 15, 31, 59, 63, 97},
                                            {1, 3, 1, 11, 11, 11, 77, 249},
                                            {1, 3, 1, 11, 27, 43, 71, 9},
                                            {1, 1, 7, 15, 21, 11, 81, 45},
                                            {1, 3, 7, 3, 25, 31, 65, 79},
                                            {1, 3, 1, 1, 19, 11, 3, 205},
                                            {1, 1, 5, 9, 19, 21, 29, 157},
                                            {1, 3, 7, 11, 1, 33, 89, 185},
                                            {1, 3, 3, 3, 15, 9, 79, 71},
                                            {1, 3, 7, 11, 15, 39, 119, 27},
                                            {1, 1, 3, 1, 11, 31, 97, 225},
                                            {1, 1, 1, 3, 23, 43, 57, 177},
                                            {1, 3, 7, 7, 17, 17, 37, 71},
                                            {1, 3, 1, 5, 27, 63, 123, 213},
                                            {1, 1, 3, 5, 11, 43, 53, 133},
                                            {1, 3, 5, 5, 29, 17, 47, 173, 479},
                                            {1, 3, 3, 11, 3, 1, 109, 9, 69},
                                            {1, 1, 1, 5, 17, 39, 23, 5, 343},
                                            {1, 3, 1, 5, 25, 15, 31, 103, 499},
                                            {1, 1, 1, 11, 11, 17, 63, 105, 183},
                                            {1, 1, 5, 11, 9, 29, 97, 231, 363},
                                            {1, 1, 5, 15, 19, 45, 41, 7, 383},
                                            {1, 3, 7, 7, 31, 19, 83, 137, 221},
                                            {1, 1, 1, 3, 23, 15, 111, 223, 83},
                                            {1, 1, 5, 13, 31, 15, 55, 25, 161},
                                            {1, 1, 3, 13, 25, 47, 39, 87, 257},
                                            {1, 1, 1, 11, 21, 53, 125, 249, 293},
                                            {1, 1, 7, 11, 11, 7, 57, 79, 323},
                                            {1, 1, 5, 5, 17, 13, 81, 3, 131},
                                            {1, 1, 7, 13, 23, 7, 65, 251, 475},
                                            {1, 3, 5, 1, 9, 43, 3, 149, 11},
                                            {1, 1, 3, 13, 31, 13, 13, 255, 487},
                                            {1, 3, 3, 1, 5, 63, 89, 91, 127},
                                            {1, 1, 3, 3, 1, 19, 123, 127, 237},
                                            {1, 1, 5, 7, 23, 31, 37, 243, 289},
                                            {1, 1, 5, 11, 17, 53, 117, 183, 491},
                                            {1, 1, 1, 5, 1, 13, 13, 209, 345},
                                            {1, 1, 3, 15, 1, 57, 115, 7, 33},
                                            {1, 3, 1, 11, 7, 43, 81, 207, 175},
                                            {1, 3, 1, 1, 15, 27, 63, 255, 49},
                                            {1, 3, 5, 3, 27, 61, 105, 171, 305},
                                            {1, 1, 5, 3, 1, 3, 57, 249, 149},
                                            {1, 1, 3, 5, 5, 57, 15, 13, 159},
                                            {1, 1, 1, 11, 7, 11, 105, 141, 225},
                                            {1, 3, 3, 5, 27, 59, 121, 101, 271},
                                            {1, 3, 5, 9, 11, 49, 51, 59, 115},
                                            {1, 1, 7, 1, 23, 45, 125, 71, 419},
                                            {1, 1, 3, 5, 23, 5, 105, 109, 75},
                                            {1, 1, 7, 15, 7, 11, 67, 121, 453},
                                            {1, 3, 7, 3, 9, 13, 31, 27, 449},
                                            {1, 3, 1, 15, 19, 39, 39, 89, 15},
                                            {1, 1, 1, 1, 1, 33, 73, 145, 379},
                                            {1, 3, 1, 15, 15, 43, 29, 13, 483},
                                            {1, 1, 7, 3, 19, 27, 85, 131, 431},
                                            {1, 3, 3, 3, 5, 35, 23, 195, 349},
                                            {1, 3, 3, 7, 9, 27, 39, 59, 297},
                                            {1, 1, 3, 9, 11, 17, 13, 241, 157},
                                            {1, 3, 7, 15, 25, 57, 33, 189, 213},
                                            {1, 1, 7, 1, 9, 55, 73, 83, 217},
                                            {1, 3, 3, 13, 19, 27, 23, 113, 249},
                                            {1, 3, 5, 3, 23, 43, 3, 253, 479},
                                            {1, 1, 5, 5, 11, 5, 45, 117, 217},
                                            {1, 3, 3, 7, 29, 37, 33, 123, 147}}};

// a * b modulo the polynomial p of degree s, over GF(2).
std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t p, unsigned s) {
  std::uint64_t product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product ^= a;
    a <<= 1;
    if ((a >> s & 1) != 0) a ^= p;
  }
  return product;
}

// x^e modulo p.
std::uint64_t power_of_x(std::uint64_t e, std::uint64_t p, unsigned s) {
  std::uint64_t result = 1, square = s > 1 ? 2 : 1;  // modulo x + 1, x is 1
  for (; e != 0; e >>= 1) {
    if ((e & 1) != 0) result = multiply(result, square, p, s);
    square = multiply(square, square, p, s);
  }
  return result;
}

std::vector<std::uint64_t> prime_factors(std::uint64_t n) {
  std::vector<std::uint64_t> factors;
  for (std::uint64_t f = 2; f * f <= n; ++f) {
    if (n % f != 0) continue;
    factors.push_back(f);
    while (n % f == 0) n /= f;
  }
  if (n > 1) factors.push_back(n);
  return factors;
}

// The recurrence of polynomial p of degree s from m_1 .. m_s, in place.
void complete(std::vector<std::uint64_t>& m, std::uint32_t p, unsigned s) {
  for (std::size_t i = s; i < m.size(); ++i) {
    m[i] = m[i - s] ^ m[i - s] << s;
    for (unsigned k = 1; k < s; ++k) {
      if ((p >> (s - k) & 1) != 0) m[i] ^= m[i - k] << k;
    }
  }
}

}  // namespace

// A polynomial of degree s is primitive when x has order 2^s - 1 modulo it.
std::vector<std::uint32_t> primitive_polynomials(std::size_t n) {
  std::vector<std::uint32_t> found;
  for (unsigned s = 1; found.size() < n; ++s) {
    const std::uint64_t order = (std::uint64_t{1} << s) - 1;
    const std::vector<std::uint64_t> factors = prime_factors(order);
    for (std::uint64_t p = order + 2; p < 2 * (order + 1) && found.size() < n; p += 2) {
      if (s > 1 && std::popcount(p) % 2 == 0) continue;  // a multiple of x + 1
      const bool smaller_order = std::any_of(factors.begin(), factors.end(),
                                             [&](std::uint64_t f) { return power_of_x(order / f, p, s) == 1; });
      if (!smaller_order && power_of_x(order, p, s) == 1) found.push_back(static_cast<std::uint32_t>(p));
    }
  }
  return found;
}

std::vector<Directions> direction_numbers(std::size_t n_dimensions) {
  std::vector<Directions> all(n_dimensions);
  const auto polynomials = primitive_polynomials(std::max<std::size_t>(n_dimensions, 1) - 1);
  for (std::size_t d = 0; d < n_dimensions; ++d) {
    std::vector<std::uint64_t> m(32, 1);
    if (d > 0) {
      const std::uint32_t p = polynomials[d - 1];
      const auto s = static_cast<unsigned>(std::bit_width(p)) - 1;
      for (unsigned i = 0; i < s; ++i) {
        m[i] = d <= joe_kuo.size() ? joe_kuo[d - 1][i] : (derive_seed(d, i) & ((std::uint64_t{1} << (i + 1)) - 1)) | 1;
      }
      complete(m, p, s);
    }
    for (std::size_t k = 0; k < 32; ++k) all[d][k] = static_cast<std::uint32_t>(m[k] << (31 - k));
  }
  return all;
}

}  // namespace nascent::sobol
