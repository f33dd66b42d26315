// Which configurations were tried or are running.
#pragma once

#include <bit>
#include <cstdint>
#include <unordered_set>

#include "nascent/sampler.hpp"

namespace nascent::samplers {

// FNV-1a over mask and values, one word at a time. Equal configurations hash alike; so, once in 2^64, do others.
inline std::uint64_t hash_of(ConstRow row) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (std::size_t i = 0; i < row.x.size(); ++i) {
    hash = (hash ^ row.active[i]) * 0x100000001b3U;
    hash = (hash ^ std::bit_cast<std::uint64_t>(row.x[i] + 0.0)) * 0x100000001b3U;  // -0 is 0
    hash ^= hash >> 29;
  }
  return hash;
}

// Hashes of the configurations told. A collision makes one new configuration look known.
class Known {
 public:
  // False when it was known before.
  bool add(ConstRow row) { return hashes_.insert(hash_of(row)).second; }
  [[nodiscard]] bool contains(std::uint64_t hash) const { return hashes_.contains(hash); }

 private:
  std::unordered_set<std::uint64_t> hashes_;
};

// The told configurations and those pending at one ask.
class Taken {
 public:
  Taken(const Known& told, Observations pending) : told_(told) {
    for (std::size_t i = 0; i < pending.size(); ++i) pending_.add(pending[i].at());
  }
  [[nodiscard]] bool contains(ConstRow row) const {
    const std::uint64_t hash = hash_of(row);
    return told_.contains(hash) || pending_.contains(hash);
  }

 private:
  const Known& told_;
  Known pending_;
};

}  // namespace nascent::samplers
