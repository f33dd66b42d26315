#include "process.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace nascent::core::store {
namespace {

// Field 22 of /proc/<pid>/stat, see proc(5). 0 when there is no such process, or only what is left of one (a zombie).
std::uint64_t start_ticks_of(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The second field is the program's name in parentheses, and may hold anything.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string state, skipped;
  fields >> state;
  if (state == "Z" || state == "X") return 0;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  std::uint64_t ticks = 0;
  fields >> ticks;
  return ticks;
}

std::string scope_here() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, boot);
  std::array<char, 64> link{};
  const ssize_t size = readlink("/proc/self/ns/pid", link.data(), link.size());
  return boot + " " + std::string(link.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace

ProcessIdentity this_process() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return {host.data(), scope_here(), getpid(), start_ticks_of(getpid())};
}

Liveness liveness_of(const ProcessIdentity& process) {
  if (process.scope != scope_here()) return Liveness::unknown;
  if (kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH) return Liveness::gone;
  return start_ticks_of(process.pid) == process.start_ticks ? Liveness::alive : Liveness::gone;
}

bool still_holds(const ProcessIdentity& holder, double silent_seconds, double stale_after_seconds) {
  if (stale_after_seconds < 0) return false;
  switch (liveness_of(holder)) {
    case Liveness::alive:
      return true;
    case Liveness::gone:
      return false;
    case Liveness::unknown:
      break;
  }
  return silent_seconds < stale_after_seconds;
}

}  // namespace nascent::core::store
