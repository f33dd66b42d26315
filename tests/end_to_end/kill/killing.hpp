// What tests that kill a study share: starting programs, waiting for them, and what a study is when all is over.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "nascent/core/store.hpp"
#include "support/files.hpp"

extern char** environ;

namespace nascent::core::test {

// 0 when it does not start.
inline pid_t start(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return 0;
  return pid;
}

// The exit status of a program that ended by itself; empty when it was killed.
inline std::optional<int> wait_for(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

// All that a study is, without times, workers and attempts: one line per trial.
inline std::vector<std::string> story(const std::string& location) {
  auto store = Store::open(location, OpenMode::must_exist);
  EXPECT_TRUE(store) << store.error().message;
  const auto study = (*store)->study("s");
  std::vector<std::string> lines;
  const auto trials = (*store)->trials((*study)->id);
  EXPECT_TRUE(trials) << trials.error().message;
  for (const Trial& t : *trials) {
    std::string line = fmt::format("{} {} {} seed={} hash={} spent={} accepted={} of={}", t.id, name_of(t.state),
                                   t.message, t.seed, t.architecture_hash, t.budget_spent, t.accepted,
                                   t.duplicate_of ? static_cast<std::int64_t>(*t.duplicate_of) : -1);
    for (const double x : t.configuration.x) line += fmt::format(" x={}", x);
    for (const Metric& m : t.metrics) line += fmt::format(" {}={}", m.name, m.value);
    const auto reports = (*store)->reports((*study)->id, t.id);
    EXPECT_TRUE(reports) << reports.error().message;
    for (const ReportRecord& r : *reports) {
      line += fmt::format(" @{}", r.report.budget);
      for (const Metric& m : r.report.metrics) line += fmt::format(":{}={}", m.name, m.value);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace nascent::core::test
