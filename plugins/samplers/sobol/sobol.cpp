#include "sobol.hpp"

namespace nascent::sobol {
namespace {

// A bijection that mixes 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
// Generators", OOPSLA 2014).
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

}  // namespace

double scramble(std::uint32_t digits, std::uint64_t key) {
  // The digits so far, behind a leading one: a node of the binary tree of prefixes.
  std::uint64_t node = 1, scrambled = 0;
  const auto hash = [&] { return mix(mix(key + node) + key); };
  for (int k = 31; k >= 0; --k) {
    const std::uint64_t digit = digits >> k & 1;
    scrambled = scrambled << 1 | (digit ^ hash() >> 63);
    node = node << 1 | digit;
  }
  return static_cast<double>(scrambled << 21 | hash() >> 43) * 0x1.0p-53;
}

Sobol::Sobol(const Settings&, const SamplerSetup& setup)
    : space_(setup.space), seed_(setup.seed), directions_(direction_numbers(setup.space.size())) {}

void Sobol::ask(const Ask& ask, Row row) {
  // 2^32 points make a sequence; trial numbers beyond begin another one, scrambled anew.
  const auto index = static_cast<std::uint32_t>(ask.trial_id);
  const std::uint64_t sequence = derive_seed(seed_, ask.trial_id >> 32);
  for (std::size_t i = 0; i < space_.size(); ++i) {
    row.active[i] = space_.is_active(i, row.x, row.active) ? 1 : 0;
    row.x[i] = row.active[i] == 0
                   ? 0
                   : space_[i].quantile(scramble(digits_of(directions_[i], index), derive_seed(sequence, i)));
  }
  Rng rng(seed_, ask.trial_id);
  samplers::avoid_repeat(space_, samplers::Taken(known_, ask.pending), rng, row);
}

}  // namespace nascent::sobol
