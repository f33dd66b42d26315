// What a part of the search takes.
#pragma once

#include <chrono>

#include "nascent/core/search.hpp"

namespace nascent::core::search {

// One call of a part, from here to the end of this object.
class Stopwatch {
 public:
  explicit Stopwatch(SearchTimes::Part& part) : part_(part) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    ++part_.calls;
    part_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  SearchTimes::Part& part_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace nascent::core::search
