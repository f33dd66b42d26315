// The reports of a trial beside its checkpoint, so that an attempt which continues another one has the whole curve.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

// Passes everything on to `session` and keeps the reports in a file. A checkpoint stands somewhere on the curve of the
// attempt that wrote it; where, the first new report tells: the ones before its budget are repeated, the others were
// lost with their attempt.
class LoggedSession final : public TrialSession {
 public:
  // A report and what the scheduler said to it.
  struct Answered {
    Report report;
    Verdict verdict = Verdict::proceed;
  };

  // With `resumes` the file of the earlier attempt is continued, else it starts empty.
  enum class Start { anew, resumes };
  LoggedSession(TrialSession& session, const std::filesystem::path& file, Start start);

  Result<Verdict> report(const Report& report) override;
  Result<void> repeat(const Report& report) override { return session_->repeat(report); }
  [[nodiscard]] bool cancelled() const override { return session_->cancelled(); }
  // After a training without any new report: all of the earlier ones count. The newest of them, if there is one.
  Result<std::vector<Report>> repeat_rest();
  // Was the earlier attempt told to pause, at a budget above `heeded`?
  [[nodiscard]] bool was_to_pause(double heeded) const {
    return !earlier_.empty() && earlier_.back().verdict == Verdict::pause && earlier_.back().report.budget > heeded;
  }
  // Of its newest report; there is one.
  [[nodiscard]] double last_budget() const { return earlier_.back().report.budget; }
  // The report with which the earlier attempt was told to end, at a budget above `heeded`: that attempt ended before this
  // became its result. There is nothing left to train; all its reports are repeated. Empty: it was not told so.
  Result<std::optional<Answered>> repeat_to_end(double heeded);

 private:
  Result<void> repeat_before(double budget);

  TrialSession* session_;
  std::vector<Answered> earlier_;
  std::ofstream file_;
};

}  // namespace nascent::core
