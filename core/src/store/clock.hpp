// The time as stores write it.
#pragma once

#include <chrono>

namespace nascent::core::store {

// Seconds since the Unix epoch.
inline double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace nascent::core::store
