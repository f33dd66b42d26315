// Holds the right to change a study for as long as this object lives.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"

namespace nascent::core::search {

// Renews from a thread of its own, because inline training may keep the main one busy for hours. Losing the right shows
// at the next write.
class KeepAlive {
 public:
  KeepAlive(Store& store, Coordinator coordinator)
      : store_(store), coordinator_(coordinator), thread_([this](const std::stop_token& ended) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any never;
          while (!never.wait_for(lock, ended, kInterval, [&] { return ended.stop_requested(); })) {
            static_cast<void>(store_.renew(coordinator_));
          }
        }) {}
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;
  ~KeepAlive() {
    thread_.request_stop();
    thread_.join();
    static_cast<void>(store_.release(coordinator_));
  }

 private:
  static constexpr std::chrono::seconds kInterval{10};
  Store& store_;
  Coordinator coordinator_;
  std::jthread thread_;
};

}  // namespace nascent::core::search
