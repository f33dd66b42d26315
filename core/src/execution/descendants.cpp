#include "descendants.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

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

// Of a process that has ended meanwhile, or is somebody else's, nothing can be read.
bool started_with(pid_t pid, std::string_view variable) {
  std::ifstream in(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  for (std::string entry; std::getline(in, entry, '\0');) {
    if (entry == variable) return true;
  }
  return false;
}

void kill_all(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    if (getpgid(pid) == pid) kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
  }
}

}  // namespace

std::vector<pid_t> descendants_of(pid_t pid) {
  std::vector<pid_t> all;
  add_descendants(pid, all);
  return all;
}

void kill_descendants(pid_t pid) { kill_all(descendants_of(pid)); }

std::vector<pid_t> processes_with(std::string_view variable) {
  std::vector<pid_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator process("/proc", error), end; !error && process != end; process.increment(error)) {
    const std::string name = process->path().filename();
    pid_t pid = 0;
    const auto [last, status] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (status != std::errc() || last != name.data() + name.size() || pid == getpid()) continue;
    if (started_with(pid, variable)) found.push_back(pid);
  }
  return found;
}

void kill_processes_with(std::string_view variable) {
  constexpr int rounds_max = 10;  // against programs that start others faster than they are found
  // One that is about to become another program shows no environment for a moment: look twice.
  for (int round = 0, empty = 0; round < rounds_max && empty < 2; ++round) {
    const std::vector<pid_t> found = processes_with(variable);
    empty = found.empty() ? empty + 1 : 0;
    kill_all(found);
  }
}

}  // namespace nascent::core
