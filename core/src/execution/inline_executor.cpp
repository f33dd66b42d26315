// Trials one after another in the coordinator's own process.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "failure_rate.hpp"
#include "first_failures.hpp"
#include "nascent/core/executor.hpp"
#include "orphans.hpp"
#include "test_split.hpp"

namespace nascent::core {
namespace {

// Nobody but this process takes an inline trial over, and it takes all leases over when it starts.
constexpr double kLeaseSeconds = 1e9;

class InlineExecutor final : public Executor, private TrialSession {
 public:
  InlineExecutor(Store& store, const Coordinator& coordinator, TrialRunner& runner, std::size_t batch,
                 DecideVerdict decide, double failure_rate_max)
      : store_(store),
        coordinator_(coordinator),
        runner_(runner),
        batch_(std::max<std::size_t>(batch, 1)),
        decide_(std::move(decide)),
        worker_(worker_name("inline", getpid())),
        failure_rate_(failure_rate_max) {}

  Result<void> start() override {
    if (std::exchange(started_, true)) return {};
    if (auto queued = requeue_orphans(store_, coordinator_, {}); !queued) return queued;
    return first_failures_.start(store_, coordinator_.study);
  }

  Result<void> submit(const Trial& queued) override {
    waiting_.push_back(queued);
    return {};
  }

  Result<std::vector<Trial>> next(std::chrono::milliseconds timeout) override {
    if (first_failures_.verdict()) return tl::unexpected<Error>(*first_failures_.verdict());
    if (failure_rate_.verdict()) return tl::unexpected<Error>(*failure_rate_.verdict());
    const auto until = std::chrono::steady_clock::now() + timeout;
    std::vector<Trial> done;
    while (!waiting_.empty() && !stopped_ && done.size() < batch_) {
      auto end = needs_queued_rows() ? run_leased(done) : run_unleased(done);
      if (!end) return tl::unexpected<Error>(end.error());
      if (std::chrono::steady_clock::now() >= until) break;
    }
    if (!needs_queued_rows() && !done.empty()) {
      if (auto stored = store_.record_finished(coordinator_, done); !stored)
        return tl::unexpected<Error>(stored.error());
    }
    for (const Trial& trial : done) {
      first_failures_.see(trial);
      failure_rate_.see(trial);
    }
    return done;
  }

  [[nodiscard]] std::size_t capacity() const override { return stopped_ ? 0 : batch_; }

  [[nodiscard]] std::vector<RunningTrial> running() const override {
    const std::lock_guard lock(mutex_);
    return current_ ? std::vector<RunningTrial>{*current_} : std::vector<RunningTrial>{};
  }

  void stop(StopMode mode) override {
    stopped_ = true;
    if (mode == StopMode::cancel) cancelled_ = true;
  }

  [[nodiscard]] bool needs_queued_rows() const override { return runner_.reports(); }

  Result<std::vector<Metric>> evaluate_test(TrialId id) override {
    return evaluate_test_once(store_, coordinator_.study, id,
                              [&](const Trial& trial) { return runner_.evaluate_test(trial); });
  }

 private:
  // A trial that reports: through the store like a worker's, so that its reports are kept.
  Result<void> run_leased(std::vector<Trial>& done) {
    auto leased = store_.lease(coordinator_.study, worker_, kLeaseSeconds, waiting_.front().role);
    if (!leased) return tl::unexpected<Error>(leased.error());
    if (!*leased)
      return fail(ErrorKind::store,
                  fmt::format("trial {} was submitted but is not queued in the store", waiting_.front().id));
    waiting_.pop_front();
    Trial& trial = (*leased)->trial;
    lease_ = (*leased)->lease;
    reports_.clear();
    show(RunningTrial{trial.id, worker_, trial.started_at, 0, {}});
    auto end = runner_.run(trial, *this);
    show(std::nullopt);
    if (!end) return tl::unexpected<Error>(end.error());
    const auto state = *end == AttemptEnd::cancelled
                           ? store_.requeue(coordinator_, *lease_, FailureReason::none, "interrupted")
                           : store_.finish(*lease_, trial);
    if (!state) return tl::unexpected<Error>(state.error());
    if (*state == LeaseState::lost)
      return fail(ErrorKind::store, fmt::format("trial {} was taken over by another coordinator", trial.id));
    if (*end == AttemptEnd::cancelled) return {};
    auto row = store_.trial(coordinator_.study, trial.id);
    if (!row) return tl::unexpected<Error>(row.error());
    if (*row) done.push_back(std::move(**row));
    return {};
  }

  Result<void> run_unleased(std::vector<Trial>& done) {
    Trial trial = std::move(waiting_.front());
    waiting_.pop_front();
    lease_.reset();
    auto end = runner_.run(trial, *this);
    if (!end) return tl::unexpected<Error>(end.error());
    if (*end == AttemptEnd::finished) done.push_back(std::move(trial));
    return {};
  }

  void show(std::optional<RunningTrial> trial) {
    const std::lock_guard lock(mutex_);
    current_ = std::move(trial);
  }

  Result<Verdict> report(const Report& report) override {
    if (!lease_) return Verdict::proceed;  // a runner that said it does not report
    reports_.push_back(report);
    {
      const std::lock_guard lock(mutex_);
      current_->budget_spent = report.budget;
      current_->metrics = report.metrics;
    }
    const auto receipt = store_.report(*lease_, report, decide_ ? VerdictWanted::yes : VerdictWanted::no);
    if (!receipt) return tl::unexpected<Error>(receipt.error());
    if (receipt->state == LeaseState::lost) return fail(ErrorKind::store, "another coordinator took the study over");
    if (!decide_) return Verdict::proceed;
    const Verdict verdict = decide_(lease_->trial, reports_);
    ReportRecord record;
    record.trial = lease_->trial;
    record.attempt = lease_->attempt;
    record.number = receipt->number;
    if (auto kept = store_.set_verdict(coordinator_, record, verdict); !kept)
      return tl::unexpected<Error>(kept.error());
    return verdict;
  }
  Result<void> repeat(const Report& report) override {
    if (!lease_) return {};
    reports_.push_back(report);
    const auto receipt = store_.report(*lease_, report, VerdictWanted::no);
    if (!receipt) return tl::unexpected<Error>(receipt.error());
    return {};
  }
  [[nodiscard]] bool cancelled() const override { return cancelled_; }

  Store& store_;
  Coordinator coordinator_;
  TrialRunner& runner_;
  std::size_t batch_;
  DecideVerdict decide_;
  std::string worker_;
  bool started_ = false;
  std::deque<Trial> waiting_;
  FirstFailures first_failures_;
  FailureRate failure_rate_;
  std::optional<Lease> lease_;  // of the trial that runs
  std::vector<Report> reports_;
  std::atomic<bool> stopped_ = false, cancelled_ = false;
  mutable std::mutex mutex_;
  std::optional<RunningTrial> current_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<Executor> inline_executor(Store& store, const Coordinator& coordinator, TrialRunner& runner,
                                          std::size_t batch, DecideVerdict decide, double failure_rate_max) {
  return std::make_unique<InlineExecutor>(store, coordinator, runner, batch, std::move(decide), failure_rate_max);
}

}  // namespace nascent::core
