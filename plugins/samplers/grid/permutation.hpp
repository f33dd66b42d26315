// A pseudo-random order of 0 .. n-1 that needs no memory: position to element, by index.
#pragma once

#include <cstdint>

namespace nascent::grid {

// A bijection of {0, ..., n-1}: a balanced Feistel network of 8 rounds with Philox as its round function, walked along
// its cycle until it falls below n. Source: Luby, Rackoff (SIAM J. Comput. 17, 1988); cycle walking: Black, Rogaway
// (CT-RSA 2002).
class Permutation {
 public:
  // n >= 1; equal seeds give equal orders.
  Permutation(std::uint64_t n, std::uint64_t seed);
  // position < n. About 4 rounds of work at worst, on average.
  [[nodiscard]] std::uint64_t operator()(std::uint64_t position) const;

 private:
  [[nodiscard]] std::uint64_t encrypt(std::uint64_t block) const;
  std::uint64_t n_, seed_;
  unsigned half_bits_;  // the network works on 2 * half_bits_ bits
};

}  // namespace nascent::grid
