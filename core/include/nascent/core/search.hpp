// The search: asks the sampler, has trials run, tells the sampler; resumes from the store and from nothing else.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/executor.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// Search trials of the study so far, all its runs together.
struct SearchCounts {
  std::uint64_t asked = 0;
  std::uint64_t completed = 0, pruned = 0, failed = 0, invalid = 0;
  std::uint64_t paused = 0;      // now: the scheduler may let them go on
  std::uint64_t duplicates = 0;  // of the completed, pruned and failed: metrics copied from another trial
  std::uint64_t infeasible = 0;  // of the completed: a constraint is broken
  double train_seconds = 0;      // training and evaluation

  [[nodiscard]] std::uint64_t finished() const { return completed + pruned + failed + invalid; }
  [[nodiscard]] std::uint64_t landed() const { return finished() + paused; }
  // Queued or running.
  [[nodiscard]] std::uint64_t unfinished() const { return asked - landed(); }
};

// Hears what happens, for display. Called on the thread that runs the search, between two steps: be quick.
class SearchObserver {
 public:
  virtual ~SearchObserver() = default;
  // `stored`: search trials that finished or paused in earlier runs.
  virtual void on_started(const StudyConfig&, const StudySpace&, std::uint64_t /*stored*/) {}
  // The trial's row is stored, or is about to be (inline). Again when a paused trial goes on.
  virtual void on_asked(const Trial&) {}
  // The row of a trial that finished or paused is in the store; trials of earlier runs come again in a resumed study.
  virtual void on_finished(const Trial&, const SearchCounts&) {}
  // One objective: the best trial so far. Several: a new member of the Pareto front. In order of trial.
  virtual void on_incumbent(const Trial&) {}
  // About ten times a second while trials run; less often where many do.
  virtual void on_tick(const SearchCounts&, std::span<const RunningTrial>) {}
  // The search is over; `reason` is the condition of [stop] that held, "exhausted", "nothing_admitted",
  // "nothing_new=10000" or "interrupted".
  virtual void on_search_ended(std::string_view /*reason*/, const SearchCounts&) {}
  // The final part: a winner is trained again; a training is over; the test split was opened for the model of `chosen`,
  // in this run.
  virtual void on_final_asked(const Trial&) {}
  virtual void on_final_tick(std::span<const RunningTrial>) {}
  virtual void on_final_finished(const Trial&) {}
  virtual void on_tested(TrialId /*chosen*/, std::span<const Metric>) {}
};

// How a person's wish to stop reaches a search; may be set from a signal handler.
class StopRequest {
 public:
  void finish_running() { wish_.store(1); }
  void cancel() { wish_.store(2); }
  [[nodiscard]] bool made() const { return wish_.load() != 0; }
  [[nodiscard]] StopMode mode() const { return wish_.load() == 1 ? StopMode::finish_running : StopMode::cancel; }

 private:
  std::atomic<int> wish_{0};
  static_assert(std::atomic<int>::is_always_lock_free);
};

// How often the parts of a search were asked, and the seconds of this process that they took.
struct SearchTimes {
  struct Part {
    std::uint64_t calls = 0;
    double seconds = 0;
  };
  Part ask, tell;  // the sampler
  Part decide;     // the scheduler: verdicts, promotions, what became of trials
};

struct SearchOutcome {
  std::string reason;        // see SearchObserver::on_search_ended
  bool interrupted = false;  // the study can be resumed
  bool cut = false;          // by stop.wall_time: what ran was taken back, and the executor is stopped
  SearchCounts counts;
  std::optional<Trial> incumbent;                // one objective; empty when no trial completed within the constraints
  std::vector<ParetoFront::Member> pareto_front;  // several objectives
};

namespace search {
class Loop;
}

// One study's search. Owns the sampler and the scheduler; borrows the rest.
//
// Deterministic studies: proposing trial n waits until all trials up to n - parallel have finished, and sees exactly
// those, told in order of trial; the trials between are pending to it. So the same study gives the same trials with any
// number of workers and after any number of kills. Others: trials are told in order of completion, and a study does not
// repeat.
//
// Configurations that wait in the store's queue are tried before the sampler is asked, and told to it like its own. A
// trial keeps the one it was given, so that a study goes on after a kill as it would have; one that is queued while the
// study runs gets the next trial that is asked for.
//
// Duplicates are recognised by architecture hash and the values of all parameters outside the space. `reuse`: the trial
// takes state and metrics of the first one (duplicate_of). `resample`: the sampler is asked again, up to
// kResamplesMax times, under trial numbers made of the trial and the attempt; then as reuse. A queued configuration is not
// resampled.
//
// Wall time is that of all runs of the study together, without the pauses between them; a killed run counts up to its
// last stored row. When it is over, run() takes the trials that run back as an interruption does: they stay queued, and a
// resumed study with more time goes on with them.
class Search {
 public:
  struct Setup {
    const StudyConfig* config = nullptr;
    const StudySpace* space = nullptr;
    Store* store = nullptr;
    Coordinator coordinator;
    SearchObserver* observer = nullptr;  // may be null
    std::filesystem::path artifacts{};   // where trials keep their checkpoints (artifacts_folder); empty: nowhere
    std::function<double()> clock{};     // seconds since any moment, in place of real time; empty: real time
    SearchTimes* times = nullptr;        // added to; may be null
  };
  explicit Search(const Setup& setup, Instance<nas_sampler_vt> sampler,
                  std::optional<Instance<nas_scheduler_vt>> scheduler = {});
  ~Search();

  // Answers reports of training trials; empty without a scheduler. For the executor; valid while the search lives.
  [[nodiscard]] DecideVerdict decide();

  // Runs until a condition of [stop] holds, the sampler has nothing left, or somebody wishes it to stop. Everything
  // earlier runs stored is told first. Errors: the store fails, a component breaks a rule, the executor gives up; what
  // is stored stays good for a resumed run.
  Result<SearchOutcome> run(Executor& executor, const StopRequest& request);

  // One turn of the loop: hands everything that can be asked for now to the executor and takes what has finished, waiting
  // up to `patience` for the first. False when the search is over.
  Result<bool> step(Executor& executor, std::chrono::milliseconds patience);
  [[nodiscard]] SearchOutcome outcome() const;

  static constexpr int kResamplesMax = 20;

 private:
  std::unique_ptr<search::Loop> loop_;
};

}  // namespace nascent::core
