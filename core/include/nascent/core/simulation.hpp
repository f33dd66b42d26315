// A study in virtual time: what many workers would make of it. Sampler, scheduler, search loop and store are the real ones;
// only the trainings are not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/search.hpp"

namespace nascent::core {

// Where the learning curves of simulated trials come from; where neither is given, the built-in curves: the loss falls from
// 1 towards a floor that is lowest at one configuration, hyperbolically in the budget, with a disturbance that fades.
struct CurveSource {
  // A CSV file: one row for each configuration, or for each configuration and `budget`. Columns: the parameters (with or
  // without "space."), the metrics the study is judged by, `budget` and `seconds` (since the start of the trial) where
  // there are any. What the search asks for and the table lacks is taken from the nearest configuration it has.
  std::filesystem::path table;
  // Else the finished trials of a study that has the same search space, with their reports and what they cost.
  std::string store, study;  // study empty: the one of that name
};

// What a trial takes, and what goes wrong.
struct TrialCosts {
  double seconds = 10;           // of a whole training, on average, where its source does not say
  double spread = 0.2;           // standard deviation of the logarithm of that (log-normal)
  double failures = 0;           // share of attempts whose worker is lost on the way
  double stragglers = 0;         // share of attempts that take `straggler_factor` times as long
  double straggler_factor = 5;
  double lease_seconds = 30;     // after which a lost worker is noticed; then another takes its place
};

// What the coordinator and the store take of virtual time.
struct CoordinatorTime {
  enum class Kind { measured, free, fixed } kind = Kind::measured;
  double seconds_per_trial = 0;  // fixed
};

struct SimulationSetup {
  StudyDraft study;
  std::uint32_t workers = 1;
  std::optional<std::uint32_t> parallel;  // in place of the study's; absent: at least as many as workers
  std::string store;                      // where it is kept; empty: an SQLite file that is removed afterwards
  CurveSource curves;
  TrialCosts costs;
  CoordinatorTime coordinator;
  const StopRequest* stop = nullptr;
};

struct StoreCall {
  std::string name;
  std::uint64_t calls = 0;
  double seconds = 0;
};

struct SimulationReport {
  std::uint32_t workers = 0, parallel = 0;
  bool deterministic = true;
  std::string objective;  // of several the first
  SearchOutcome search;

  // Virtual time.
  double seconds = 0;                // from the start to the last trial's end
  double fed_seconds = 0;            // until the search had begun the last piece of work; then workers run dry
  double training_seconds = 0;       // of all workers together
  double lost_seconds = 0;           // of these, in attempts that were lost
  double fed_training_seconds = 0;   // until fed_seconds
  std::uint64_t attempts = 0, lost_attempts = 0, straggling_attempts = 0, timed_out = 0;

  // Real seconds of this process, whatever the virtual clock was charged.
  double coordinator_seconds = 0;    // everything between the workers' calls, with the store
  double virtual_coordinator_seconds = 0;  // charged to the virtual clock
  SearchTimes times;
  std::vector<StoreCall> store_calls;  // the longest first

  // How many configurations were not in the table or store, so that the nearest one stood in.
  std::uint64_t nearest = 0;

  // The best trial so far, each time there was a better one. Empty with several objectives.
  struct Best {
    double seconds = 0;         // virtual
    std::uint64_t trials = 0;   // that had landed
    double value = 0;
  };
  std::vector<Best> best;
  std::optional<double> optimum;  // the best value that the source holds
  struct Stretch {                // a tenth of `seconds`
    double until = 0;
    std::uint64_t trials = 0;     // that had landed at its end
    double utilisation = 0;       // of the workers, within it
  };
  std::vector<Stretch> stretches;

  // Share of the workers' time that they trained: over all, and while they were fed.
  [[nodiscard]] double utilisation() const;
  [[nodiscard]] double fed_utilisation() const;
  // Share of virtual time in which the coordinator was busy.
  [[nodiscard]] double coordinator_share() const;
  [[nodiscard]] double store_seconds() const;
  [[nodiscard]] std::uint64_t n_store_calls() const;
  // How many workers keep one coordinator busy all the time: what a trial trains over what it takes the coordinator.
  // Empty before a trial has landed.
  [[nodiscard]] std::optional<double> workers_at_saturation() const;
};

// Errors: as those of prepare_study() and of the search; ErrorKind::invalid_input for curves that do not fit the study.
// The final part, the test split and the study's trainer are left out.
Result<SimulationReport> simulate(SimulationSetup setup, PluginCatalog& catalog);

}  // namespace nascent::core
