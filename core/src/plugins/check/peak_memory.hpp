// How much memory a stretch of a program takes at most.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>

namespace nascent::core {

// Resident memory of this process since construction. The kernel's high-water mark is set back where it allows that
// (/proc/self/clear_refs, Linux 4.0); elsewhere an earlier peak may hide a later one.
class PeakMemory {
 public:
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
    start_ = status("VmRSS:");
  }
  // Above what was in use at construction; 0 where the system does not tell.
  [[nodiscard]] std::size_t growth_bytes() const { return std::max(status("VmHWM:"), start_) - start_; }

 private:
  static std::size_t status(const std::string& key) {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;) {
      std::size_t kib = 0;
      if (word == key && in >> kib) return kib * 1024;
    }
    return 0;
  }
  std::size_t start_ = 0;
};

}  // namespace nascent::core
