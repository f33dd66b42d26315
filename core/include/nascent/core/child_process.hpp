// Another program run to its end, with its output and a time limit.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::core {

struct ChildOutcome {
  int exit_code = 0;       // when it ended by itself
  int signal = 0;          // when a signal ended it
  bool timed_out = false;  // it was ended here, after the limit
  std::string out, err;    // at most 16 MiB each; the rest is dropped
  double elapsed_s = 0;
};

// Starts argv[0] (a path, or a name that PATH finds) by posix_spawn in its own process group: no fork of a process with
// threads. When the limit is reached the whole group is killed. `defaults` ("NAME=value") are added to the environment
// where NAME is not set.
Result<ChildOutcome> run_child(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                               const std::vector<std::string>& defaults = {});

// The program this process runs.
std::string own_executable();

}  // namespace nascent::core
