// Findings in the making: one named property after the other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {

// A property passes unless it fails or is skipped before the next one begins; its first failure is the one that is
// told.
class Checklist {
 public:
  explicit Checklist(std::string subject) : subject_(std::move(subject)) {}

  void property(const std::string& name, int rule = 0) {
    findings_.push_back({subject_ + '.' + name, CheckOutcome::passed, rule, {}});
  }
  bool that(bool holds, const std::string& message) {
    if (!holds && findings_.back().outcome == CheckOutcome::passed) {
      findings_.back().outcome = CheckOutcome::failed;
      findings_.back().message = message;
    }
    return holds;
  }
  void fails(const std::string& message) { that(false, message); }
  void skip(const std::string& reason) {
    if (findings_.back().outcome != CheckOutcome::passed) return;
    findings_.back().outcome = CheckOutcome::skipped;
    findings_.back().message = reason;
  }
  [[nodiscard]] bool failed() const { return findings_.back().outcome == CheckOutcome::failed; }

  std::vector<CheckFinding> take() { return std::move(findings_); }

 private:
  std::string subject_;
  std::vector<CheckFinding> findings_;
};

}  // namespace nascent::core
