// Direction numbers of Sobol' sequences, for any number of dimensions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace nascent::sobol {

// Of one dimension: directions[k] belongs to bit k of a point's index. 32 binary digits, the most significant is 1/2.
using Directions = std::array<std::uint32_t, 32>;

// Primitive polynomials over GF(2), ascending as numbers whose bit k is the coefficient of x^k: 3, 7, 11, 13, 19, ...
std::vector<std::uint32_t> primitive_polynomials(std::size_t n);

// Dimension 1 is van der Corput's sequence; dimension d > 1 follows the recurrence of primitive polynomial d - 1 from
// initial numbers of Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections" (SIAM J. Sci.
// Comput. 30, 2008), data set new-joe-kuo-6.21201, up to dimension 101, and from fixed odd pseudo-random numbers
// beyond. Recurrence: Bratley, Fox, "Algorithm 659" (ACM TOMS 14, 1988), equation 2.
std::vector<Directions> direction_numbers(std::size_t n_dimensions);

// Point `index`, coordinate of one dimension: 32 binary digits.
inline std::uint32_t digits_of(const Directions& directions, std::uint32_t index) {
  std::uint32_t digits = 0;
  for (std::size_t k = 0; index != 0; ++k, index >>= 1) {
    if ((index & 1) != 0) digits ^= directions[k];
  }
  return digits;
}

}  // namespace nascent::sobol
