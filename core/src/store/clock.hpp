// The time as stores write it.
#pragma once

#include <atomic>
#include <chrono>

namespace nascent::core::store {

// Seconds by which this process takes the clock to be ahead: tests set it, as an administrator sets a machine's.
inline std::atomic<double> clock_ahead_seconds = 0;

// Seconds since the Unix epoch.
inline double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count() + clock_ahead_seconds;
}

}  // namespace nascent::core::store
