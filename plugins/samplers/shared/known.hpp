// Which configurations were tried or are running.
#pragma once

#include <bit>
#include <cstdint>
#include <unordered_map>

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

// Hashes of configurations. A collision makes one new configuration look known.
class Known {
 public:
  // False when it was known before.
  bool add(ConstRow row) { return ++times_[hash_of(row)] == 1; }
  // Once of the times that it was added.
  void remove(ConstRow row) {
    const auto known = times_.find(hash_of(row));
    if (known != times_.end() && --known->second == 0) times_.erase(known);
  }
  [[nodiscard]] bool contains(std::uint64_t hash) const { return times_.contains(hash); }

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> times_;  // how often each was added
};

// The told configurations and those pending at one ask.
class Taken {
 public:
  // Both outlive it.
  Taken(const Known& told, const Known& pending) : told_(told), pending_(pending) {}
  Taken(const Known& told, Observations pending) : told_(told), pending_(own_) {
    for (std::size_t i = 0; i < pending.size(); ++i) own_.add(pending[i].at());
  }
  Taken(const Taken&) = delete;  // pending_ may look at own_
  Taken& operator=(const Taken&) = delete;
  [[nodiscard]] bool contains(ConstRow row) const {
    const std::uint64_t hash = hash_of(row);
    return told_.contains(hash) || pending_.contains(hash);
  }

 private:
  Known own_;
  const Known& told_;
  const Known& pending_;
};

}  // namespace nascent::samplers
