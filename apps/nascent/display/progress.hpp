// Rate and time left of a running study.
#pragma once

#include <chrono>
#include <limits>
#include <optional>

#include "nascent/core/search.hpp"

namespace nascent::cli {

class Progress {
 public:
  void start(const core::StudyConfig& config, std::uint64_t stored) {
    stop_ = config.stop;
    stored_ = stored;
    started_ = Clock::now();
  }
  [[nodiscard]] double elapsed_seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }
  // Finished trials of this run per minute; trials that were stored before do not count.
  [[nodiscard]] double trials_per_minute(std::uint64_t finished) const {
    const double fresh = finished > stored_ ? static_cast<double>(finished - stored_) : 0;
    return elapsed_seconds() > 0 ? 60 * fresh / elapsed_seconds() : 0;
  }
  // Seconds until the first of the countable stop conditions, or nothing when none can be foreseen.
  [[nodiscard]] std::optional<double> seconds_left(const core::SearchCounts& counts) const {
    std::optional<double> left;
    const auto sooner = [&left](double seconds) { left = std::min(left.value_or(std::numeric_limits<double>::infinity()), std::max(0.0, seconds)); };
    if (stop_.wall_seconds) sooner(*stop_.wall_seconds - elapsed_seconds());
    const double rate = trials_per_minute(counts.finished());
    if (stop_.trials && rate > 0) {
      sooner(60 * (static_cast<double>(*stop_.trials) - static_cast<double>(counts.finished())) / rate);
    }
    return left;
  }

 private:
  using Clock = std::chrono::steady_clock;
  core::StopConditions stop_;
  std::uint64_t stored_ = 0;
  Clock::time_point started_ = Clock::now();
};

}  // namespace nascent::cli
