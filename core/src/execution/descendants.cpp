#include "descendants.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace nascent::core {
namespace {

// A child belongs to the thread that started it.
void add_descendants(pid_t pid, std::vector<pid_t>& all) {
  std::error_code error;
  for (std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", pid), error), end; !error && task != end;
       task.increment(error)) {
    std::ifstream children(task->path() / "children");
    for (pid_t child = 0; children >> child;) {
      all.push_back(child);
      add_descendants(child, all);
    }
  }
}

}  // namespace

std::vector<pid_t> descendants_of(pid_t pid) {
  std::vector<pid_t> all;
  add_descendants(pid, all);
  return all;
}

void kill_descendants(pid_t pid) {
  for (const pid_t descendant : descendants_of(pid)) {
    if (getpgid(descendant) == descendant) kill(-descendant, SIGKILL);
    kill(descendant, SIGKILL);
  }
}

}  // namespace nascent::core
