#include "permutation.hpp"

#include <algorithm>
#include <bit>

#include "nascent/rng.hpp"

namespace nascent::grid {

Permutation::Permutation(std::uint64_t n, std::uint64_t seed)
    : n_(n), seed_(seed), half_bits_(std::max(1U, (static_cast<unsigned>(std::bit_width(n - 1)) + 1) / 2)) {}

std::uint64_t Permutation::encrypt(std::uint64_t block) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = block >> half_bits_, right = block & mask;
  for (std::uint64_t round = 0; round < 8; ++round) {
    const std::uint64_t next = left ^ (derive_seed(seed_, round << 32 | right) & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

std::uint64_t Permutation::operator()(std::uint64_t position) const {
  do position = encrypt(position);
  while (position >= n_);
  return position;
}

}  // namespace nascent::grid
