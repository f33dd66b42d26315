// The host's side of nas_task: what a trainer, compressor or evaluator can ask while it works, guarded against
// nonsense.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/device.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

// A value replaces an earlier one of its name.
void set_metric(std::vector<Metric>& metrics, std::string_view name, double value);

// Serves one trial after another; raw() stays valid. Plugins may call it from any thread.
class TrialTask {
 public:
  // Reports with a value of these metrics that is not finite end the trial as diverged.
  explicit TrialTask(std::vector<std::string> must_be_finite, std::uint32_t threads, Device device = {});
  TrialTask(const TrialTask&) = delete;
  TrialTask& operator=(const TrialTask&) = delete;

  // `session` must live until the next begin(). `artifact_dir`: absolute, or "".
  void begin(TrialSession& session, TrialId trial, std::uint64_t seed, std::string artifact_dir);
  // The same trial goes on under another session; what came in stays.
  void hand_over(TrialSession& session) { session_ = &session; }
  // The trial ends with this report: what came in is what came in to an earlier attempt.
  void end_with(Report report, Verdict verdict) {
    newest_ = std::move(report);
    verdict_ = verdict;
  }
  // The same trial's next operation draws other random numbers.
  void reseed(std::uint64_t seed) { raw_.seed = seed; }
  // Of the next operations; by default the process is alone.
  void take_place(const TeamPlace& place);
  [[nodiscard]] const nas_task* raw() const { return &raw_; }

  // What came in since begin(). Read it after the plugin has returned.
  [[nodiscard]] const std::optional<Report>& newest() const { return newest_; }
  [[nodiscard]] Verdict verdict() const { return verdict_; }  // stop and pause are final
  [[nodiscard]] const std::optional<Error>& session_error() const { return session_error_; }
  // Why a report was refused: a metric that is not finite (diverged) or has no proper name. "" = none was.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  [[nodiscard]] bool diverged() const { return diverged_; }

 private:
  static std::int32_t NAS_CALL cancelled(void* ctx) noexcept;
  static nas_status NAS_CALL report(void* ctx, double budget, const nas_metric* metrics, std::size_t n,
                                    std::uint32_t* verdict) noexcept;
  static void NAS_CALL progress(void*, double) noexcept {}
  nas_status take(double budget, const nas_metric* metrics, std::size_t n);
  nas_status refuse(nas_status status, std::string why);

  nas_task raw_{};
  std::vector<std::string> must_be_finite_;
  std::string artifact_dir_, rendezvous_;
  TrialSession* session_ = nullptr;
  std::mutex mutex_;  // guards everything below
  std::optional<Report> newest_;
  Verdict verdict_ = Verdict::proceed;
  std::optional<Error> session_error_;
  std::string complaint_;
  bool diverged_ = false;
};

}  // namespace nascent::core
