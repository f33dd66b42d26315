// Runs the queued trials of a study: in this process, or in worker processes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

enum class StopMode {
  finish_running,  // what runs may end; what is queued stays queued
  cancel,          // what runs goes back to the queue, so that a resumed study continues it
};

// A trial on its way, for display.
struct RunningTrial {
  TrialId id = 0;
  std::string worker;
  double started_at = 0;        // seconds since the Unix epoch
  double budget_spent = 0;      // in the study's budget unit
  std::vector<Metric> metrics;  // of the newest report
};

// Answers a report of a submitted trial that is training; the newest report is the last. Called on the thread that is
// inside Executor::next(), in the coordinator's process. Empty: no scheduler, every trial gets its full budget.
using DecideVerdict = std::function<Verdict(TrialId, std::span<const Report>)>;

// Runs trials that are queued in the store; when next() hands one out, its finished row is on disk.
// One thread calls it, but for running() and stop(), which any thread may call. That thread has to outlive the
// executor: worker processes end with the thread that started them.
class Executor {
 public:
  virtual ~Executor() = default;
  // Before the first submit(); later calls do nothing.
  virtual Result<void> start() = 0;
  // The trial is in the store as queued already, unless needs_queued_rows() is false.
  virtual Result<void> submit(const Trial& queued) = 0;
  // Finished (or paused) trials; empty when there was none until the timeout, or nothing is left to do. An error means
  // that the study cannot go on: workers that die at start, or the first trials all failing for one reason.
  virtual Result<std::vector<Trial>> next(std::chrono::milliseconds timeout) = 0;
  // Trials worth submitting at once.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
  [[nodiscard]] virtual std::vector<RunningTrial> running() const = 0;
  // Ends all work; afterwards next() starts nothing and hands out what finished meanwhile. `cancel` is bounded in time,
  // `finish_running` takes as long as the trials that run. From another thread: a request that next() carries out.
  virtual void stop(StopMode mode) = 0;
  // Opens the test split for the saved model of a finished trial: metrics named "test_...". The opening and the result
  // (event "test_evaluated") are in the store; asked again for the same trial it answers from there. No trial may be
  // running.
  virtual Result<std::vector<Metric>> evaluate_test(TrialId trial) = 0;
  // Must a trial's row be in the store before submit()? Inline execution writes the finished row itself, so that a
  // trial costs one write; a study killed in between asks for the same trials again.
  [[nodiscard]] virtual bool needs_queued_rows() const = 0;
};

// The study stops when the first trials of a run, this many, all fail with the same message and none ever completed.
inline constexpr std::size_t kFirstFailuresMax = 5;
// Or these many are all refused with the same message.
inline constexpr std::size_t kFirstInvalidMax = 20;

// Runs trials one after another inside next(), in the order of submission. `batch`: how many may wait for their common
// write to the store. `failure_rate_max`: as WorkerConfig has it.
std::unique_ptr<Executor> inline_executor(Store& store, const Coordinator& coordinator, TrialRunner& runner,
                                          std::size_t batch, DecideVerdict decide = {}, double failure_rate_max = 1);

struct WorkersSetup {
  std::string store_location;  // as given to Store::open
  std::string study_name;
  WorkerConfig config;        // count, limits, retries
  bool files_in_store = false;  // see files_in_store(); `config.artifacts` is then a folder of this machine's own
  std::uint32_t threads = 1;  // of each worker
  std::optional<TrialRole> role;  // the trials they lease; empty: all
  // Empty: $NASCENT_WORKER (ignored when privileged), nascent-worker beside this program, then ../libexec/nascent.
  std::filesystem::path worker_program;
  double lease_seconds = 30;      // a worker that is silent for this long is lost
  double stop_grace_seconds = 5;  // between SIGTERM and SIGKILL
};

// Starts worker processes which lease queued trials from the store; see docs/explanation/workers.md.
std::unique_ptr<Executor> workers_executor(Store& store, const Coordinator& coordinator, WorkersSetup setup,
                                           DecideVerdict decide = {});

}  // namespace nascent::core
