// Workers that train in virtual time. What they and their coordinator ask of the store they do ask of it.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "curves.hpp"
#include "nascent/core/executor.hpp"
#include "nascent/core/simulation.hpp"

namespace nascent::core::simulation {

// What the workers did, for the report.
struct Doings {
  std::uint64_t attempts = 0, lost_attempts = 0, straggling_attempts = 0, timed_out = 0;
  double lost_seconds = 0;       // of training
  double last_start = 0;         // of an attempt that is no repetition of a lost one
  std::uint64_t landed = 0;
  std::vector<std::pair<double, double>> trainings;  // stretches of one worker's training, from, to
  std::vector<double> landings;                      // ascend
  std::vector<SimulationReport::Best> best;
  double coordinator_seconds = 0, virtual_coordinator_seconds = 0;
};

// The virtual clock is the one server's that all calls go through, the coordinator's own work and every call of the store: a
// worker whose call comes while an earlier one is served waits. What is measured is the real time of those calls and
// of the search between two calls of next().
//
// The calls are those of workers_executor() and its workers: submit() reads the row; a worker leases, beats its heart every
// third of a lease, reports, asks for its verdict and finishes; the coordinator reads what has landed and which reports
// wait once for all that came while it was busy.
class SimulatedExecutor final : public Executor {
 public:
  struct Setup {
    Store* store = nullptr;
    Coordinator coordinator;
    Curves* curves = nullptr;
    const StudyConfig* config = nullptr;
    std::uint32_t workers = 1;
    TrialCosts costs;
    CoordinatorTime time;
    bool reports = false;  // do trials report while they train?
  };
  explicit SimulatedExecutor(const Setup& setup);

  // Who answers reports; before start().
  void answer(DecideVerdict decide) { decide_ = std::move(decide); }
  // Virtual seconds since the start.
  [[nodiscard]] double now() const { return now_; }
  [[nodiscard]] const Doings& doings() const { return doings_; }

  Result<void> start() override;
  Result<void> submit(const Trial& queued) override;
  Result<std::vector<Trial>> next(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t capacity() const override { return workers_.size(); }
  // Nobody watches a simulation.
  [[nodiscard]] std::vector<RunningTrial> running() const override { return {}; }
  void stop(StopMode) override { stopped_ = true; }
  Result<std::vector<Metric>> evaluate_test(TrialId trial) override;
  [[nodiscard]] bool needs_queued_rows() const override { return true; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr double kNever = 1e300;

  // A trial in a worker's hands.
  struct Attempt {
    Lease lease;
    Trial trial;
    Curve curve;
    std::vector<double> seconds;  // [points] since the trial's start, without what this attempt met
    std::size_t next = 0;         // point of the curve
    double factor = 1;            // of its speed
    double at = 0;                // where it trains on from
    double trained = 0;           // seconds, by this attempt
    double lost_at = kNever, timed_out_at = kNever;  // in seconds trained by this attempt
    double beats_at = 0;          // the next one, in seconds trained
    std::uint32_t report = 0;     // number of the last one
  };
  enum class Happens { point, lost, timed_out, noticed };
  struct Worker {
    std::string name;
    std::optional<Attempt> attempt;
    Happens happens = Happens::point;
  };
  struct Event {
    double at;
    std::uint64_t order;  // of scheduling: ties go to the earlier
    std::size_t worker;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Past {
    std::size_t points = 0;  // that a paused trial has behind it
    std::uint32_t losses = 0;
  };

  // Has `call` served: takes the time it takes.
  template <class Call>
  auto serve(Call&& call) -> decltype(call());
  void charge(Clock::duration time);

  Result<void> turn();
  Result<void> hand_out();
  Result<void> begin(std::size_t worker, Store::LeasedTrial leased);
  void train_on(std::size_t worker);
  // The worker has trained until its event, at which something happens.
  Result<void> attend(std::size_t worker, double at);
  Result<void> reach_point(std::size_t worker);
  Result<void> give_verdicts();
  Result<void> go_on(std::size_t worker, Verdict verdict);
  Result<void> finish(std::size_t worker, TrialState state);
  Result<void> bury(std::size_t worker);
  Result<void> collect();
  void note(const Trial& landed);
  Result<void> let_go();

  Setup setup_;
  Store& store_;
  Coordinator coordinator_;
  Curves& curves_;
  const StudyConfig& config_;
  TrialCosts costs_;
  DecideVerdict decide_;
  std::uint64_t seed_;

  double now_ = 0;
  Clock::time_point left_{};  // when the search last got to work
  std::vector<Worker> workers_;
  std::deque<std::size_t> idle_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::uint64_t queued_ = 0;             // trials that wait for a worker
  std::vector<std::size_t> waiting_;     // workers that wait for a verdict
  std::unordered_map<TrialId, Past> past_;
  std::uint64_t cursor_ = 0;
  bool landed_ = false;                  // something has, since the last look
  double lease_look_ = 0;
  std::vector<Trial> done_;
  std::atomic<bool> stopped_ = false;
  bool let_go_ = false;
  Doings doings_;
};

}  // namespace nascent::core::simulation
