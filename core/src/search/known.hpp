// Recognises a trial that would repeat an earlier one: same architecture, same values of everything else.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nascent/core/trial.hpp"

namespace nascent::core::search {

class KnownTrials {
 public:
  // `n_space_parameters`: the leading parameters of a configuration, which a hash of the architecture speaks for.
  explicit KnownTrials(std::size_t n_space_parameters) : n_space_parameters_(n_space_parameters) {}

  // The first trial that was the same, or empty; then this one is remembered.
  std::optional<TrialId> find_or_add(TrialId trial, std::string_view architecture_hash, std::span<const double> x,
                                     std::span<const std::uint8_t> active) {
    const auto [known, added] = first_.try_emplace(key(architecture_hash, x, active), trial);
    return added || known->second == trial ? std::nullopt : std::optional(known->second);
  }

 private:
  // Without an architecture all values count. Inactive values are 0, so that values and marks name one configuration.
  [[nodiscard]] std::string key(std::string_view hash, std::span<const double> x,
                                std::span<const std::uint8_t> active) const {
    const std::size_t from = hash.empty() ? 0 : n_space_parameters_;
    const std::size_t n = x.size() - from;
    std::string bytes(hash.size() + n * (sizeof(double) + 1), '\0');
    char* to = bytes.data();
    std::memcpy(to, hash.data(), hash.size());
    std::memcpy(to + hash.size(), x.data() + from, n * sizeof(double));
    std::memcpy(to + hash.size() + n * sizeof(double), active.data() + from, n);
    return bytes;
  }

  std::size_t n_space_parameters_;
  std::unordered_map<std::string, TrialId> first_;
};

}  // namespace nascent::core::search
