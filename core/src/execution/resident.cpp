#include "resident.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

namespace nascent::core {

std::uint64_t resident_bytes_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/statm", pid));
  std::uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace nascent::core
