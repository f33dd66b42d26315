// Notices that a worker process keeps more and more from trial to trial: a fresh one is cheaper than what it holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nascent/core/config.hpp"

namespace nascent::core {

// Looks at this process between its trials. What it holds after its first is what it needs; later it may hold
// kMemoryGrowth more, or a quarter of a trial's memory limit where that is less, and kFilesGrowth more open files.
class Wear {
 public:
  static constexpr std::uint64_t kMemoryGrowth = 512u << 20;
  static constexpr std::uint64_t kFilesGrowth = 64;

  explicit Wear(const WorkerConfig& config);
  // After each trial: why this process should be replaced, or "".
  std::string after_trial();

 private:
  std::optional<std::uint64_t> trials_max_;
  std::uint64_t memory_growth_;
  std::uint64_t trials_ = 0, memory_first_ = 0, files_first_ = 0;
};

}  // namespace nascent::core
