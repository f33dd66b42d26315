// Numbering all configurations of a space whose parameters take finitely many values, conditions included.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "nascent/space_view.hpp"

namespace nascent::grid {

// Configurations are ordered lexicographically: the first parameter varies slowest, values in the order given. An
// inactive parameter has one value, so that no configuration comes twice. Neither memory nor time grows with the number
// of configurations, only with the number of combinations of pending conditions: what a choice made so far means for
// parameters still to come.
class Enumeration {
 public:
  // values[i]: what parameter i may take, none empty. Throws Error(NAS_E_INVALID) when the conditions of the space are
  // too entangled to count.
  Enumeration(SpaceView space, std::vector<std::vector<double>> values);

  // Number of configurations; 2^64 - 1 stands for that many and more.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Configuration `index`, which is below size().
  void at(std::uint64_t index, Row row) const;

 private:
  // Values decided for parameters 0 .. i-1, reduced to what later parameters depend on: one bit per later condition.
  [[nodiscard]] std::vector<bool> pending(std::size_t i, ConstRow row) const;
  // Number of ways to complete the configuration from parameter i on. Counts are remembered by pending().
  std::uint64_t count(std::size_t i, Row row);
  [[nodiscard]] std::uint64_t known_count(std::size_t i, ConstRow row) const;

  SpaceView space_;
  std::vector<std::vector<double>> values_;
  std::vector<std::unordered_map<std::vector<bool>, std::uint64_t>> counts_;  // per parameter
  std::size_t n_counts_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace nascent::grid
