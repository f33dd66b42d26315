// The processes that a process has started, and those that they have started.
#pragma once

#include <sys/types.h>

#include <string_view>
#include <vector>

namespace nascent::core {

// Those whose chain of parents still leads to `pid`: what was left behind by a process that has ended is not found.
std::vector<pid_t> descendants_of(pid_t pid);

// Ends them all, and the process groups that they lead, with SIGKILL.
void kill_descendants(pid_t pid);

// The processes, this one left out, that were started with `variable` ("NAME=value") in their environment: finds also
// what was left behind by a process that has ended.
std::vector<pid_t> processes_with(std::string_view variable);

// Ends them as kill_descendants() does, and those that they start meanwhile.
void kill_processes_with(std::string_view variable);

}  // namespace nascent::core
