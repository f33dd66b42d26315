// nascent plugin check: does a plugin keep the rules of sdk/CONVENTIONS.md and the contract of its kind?
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "nascent/core/options.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"

namespace nascent::core {

enum class CheckOutcome { passed, failed, skipped };

struct CheckFinding {
  std::string test;  // "file.exports", "sampler evolution.replay"
  CheckOutcome outcome = CheckOutcome::passed;
  int rule = 0;  // of CONVENTIONS.md; 0 = none in particular
  std::string
      message;  // what was seen, and the way out; for skipped tests the reason; for passed ones a measurement or ""
};

struct CheckReport {
  std::filesystem::path path;
  std::vector<CheckFinding> findings;
  double elapsed_s = 0;
  [[nodiscard]] bool passed() const;  // nothing failed
  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] std::string to_text() const;  // a line for each failed or skipped test and one summary
};

struct CheckSettings {
  // A program that answers `plugin check --probe TEST [--option O]... PATH` with run_probe(TEST, PATH, O...); "" = this
  // one.
  std::filesystem::path prober;
  std::chrono::seconds limit{60};    // of each probe
  std::vector<std::string> options;  // "<alias>.<option>=<value>": what a component cannot be created without
};

// Runs every test: of the file here, of its code in a child process each, so that a crash or a hang is a finding. An
// error is returned only when the check itself cannot run.
Result<CheckReport> check_plugin(const std::filesystem::path& path, const CheckSettings& settings = {});

// The child's side of check_plugin(): runs one probe and prints its findings. Returns the exit code.
int run_probe(const std::string& probe, const std::filesystem::path& path, const std::vector<std::string>& options);

// The contract of the component's kind and the rules every component keeps, in this process: what the contract suites
// run on the plugins of this tree. `options` are complete.
std::vector<CheckFinding> check_component(const nas_component& component, const OptionTable& options);

// The defaults of a component, with "<alias>.<option>=<value>" entries set. Fails when a required option is absent.
Result<OptionTable> check_options(const ComponentInfo& component, const std::vector<std::string>& entries);

}  // namespace nascent::core
