#include "wear.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "resident.hpp"

namespace nascent::core {
namespace {

std::uint64_t open_files() {
  std::error_code error;
  return static_cast<std::uint64_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd", error), {}));
}

}  // namespace

Wear::Wear(const WorkerConfig& config)
    : trials_max_(config.recycle_after_trials),
      memory_growth_(std::min(kMemoryGrowth, config.memory_limit().value_or(4 * kMemoryGrowth) / 4)) {}

std::string Wear::after_trial() {
  ++trials_;
  const std::uint64_t files = open_files();
  std::uint64_t memory = resident_bytes_of(getpid());
  if (trials_ == 1) {
    memory_first_ = memory;
    files_first_ = files;
  }
  if (trials_max_ && trials_ >= *trials_max_) return fmt::format("recycle_after_trials={}", *trials_max_);
  if (files > files_first_ + kFilesGrowth) return fmt::format("{} open files after {} trials, {} after the first", files, trials_, files_first_);
  if (memory > memory_first_ + memory_growth_) {
    malloc_trim(0);  // what is free already goes back first: workers keep it, for speed
    memory = resident_bytes_of(getpid());
  }
  if (memory <= memory_first_ + memory_growth_) return {};
  return fmt::format("{} MiB of memory after {} trials, {} after the first", memory >> 20, trials_, memory_first_ >> 20);
}

}  // namespace nascent::core
