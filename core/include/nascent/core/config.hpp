// A study as its TOML file describes it: parsed, checked, completed with defaults.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nascent/core/device.hpp"
#include "nascent/core/options.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// What the study does with a configuration whose architecture it has already seen.
enum class Duplicates { reuse, resample, retrain };

enum class Direction { minimize, maximize };

struct Objective {
  std::string metric;
  Direction direction = Direction::maximize;
  SourceLocation where{};          // of the metric's name
  std::string path = "objective";  // in the file: "objective.1" is the second of several
};

// At least one bound is set.
struct Constraint {
  std::string metric;
  std::optional<double> min, max;
  SourceLocation where{};  // of the metric's name
  std::string path = "constraint";
};

enum class AcceptanceRule {
  best,        // better than every trial before it; one objective
  pareto,      // not dominated by any trial before it
  threshold,   // the objective is at least as good as `threshold`; one objective
  metropolis,  // better, or worse with probability exp(-loss / temperature); one objective
};

struct Acceptance {
  AcceptanceRule rule = AcceptanceRule::best;
  double threshold = 0;    // only for the rule of that name, in the objective's own direction
  double temperature = 0;  // > 0, only for metropolis
};

// The first one reached ends the study; at least one is set.
struct StopConditions {
  std::optional<std::uint64_t> trials;          // finished trials
  std::optional<double> wall_seconds;           // since the start of the study, over all its runs
  std::optional<double> target;                 // the objective is at least this good; one objective
  std::optional<std::uint64_t> no_improvement;  // trials in a row without an accepted one
  std::optional<double> train_seconds;          // sum over all trials
};

// Values are those of NAS_UNIT_*.
enum class BudgetUnit : std::uint32_t { epochs = 0, steps = 1, seconds = 2, fraction = 3 };
// Are amounts of this unit whole numbers?
constexpr bool is_counted(BudgetUnit unit) { return unit == BudgetUnit::epochs || unit == BudgetUnit::steps; }

// Training of one trial.
struct Budget {
  BudgetUnit unit = BudgetUnit::epochs;
  double amount = 1;  // > 0; whole for epochs and steps, at most 1 for a fraction
};

// The part of the train split that judges trials where the dataset has no validation split.
struct Validation {
  double share = 0.1;  // of the rows, between 0 and 1
};

enum class Execution { in_process, workers };  // "inline", "workers"

// Further attempts after those that ended without a result, by why they did. What follows from the configuration itself
// (diverged) would only come again.
struct Retries {
  static constexpr std::array kReasons = {FailureReason::crashed,       FailureReason::lost,
                                          FailureReason::timed_out,     FailureReason::out_of_memory,
                                          FailureReason::out_of_disk,   FailureReason::error};
  // What `retries = n` means: a crash and a loss may be the machine's fault.
  static constexpr Retries of_accidents(std::uint32_t n) {
    Retries retries;
    retries[FailureReason::crashed] = retries[FailureReason::lost] = n;
    return retries;
  }
  constexpr std::uint32_t& operator[](FailureReason reason) { return counts[static_cast<std::size_t>(reason)]; }
  constexpr std::uint32_t operator[](FailureReason reason) const { return counts[static_cast<std::size_t>(reason)]; }
  bool operator==(const Retries&) const = default;

  std::array<std::uint32_t, kFailureReasonNames.size()> counts{};
};

struct WorkerConfig {
  Execution execution = Execution::workers;
  std::uint32_t count = 1;  // 0: only those that join from elsewhere, see `nascent worker`
  std::filesystem::path artifacts;  // folder of the trials' files, absolute; empty: beside the store, or in it (see files_in_store)
  std::uint64_t artifact_bytes_max = 64ULL << 20U;  // of a trial's files, where they are in the store
  std::vector<Device> devices;          // one for each worker, or one for all of them; empty: the trainer chooses
  std::optional<std::uint64_t> memory;  // bytes of all trials together
  std::optional<double> trial_seconds_max;
  std::optional<std::uint64_t> memory_bytes_max;
  std::optional<std::uint64_t> disk_bytes_max;  // in a trial's folder
  Retries retries = Retries::of_accidents(1);
  double failure_rate_max = 0.8;  // of recent trials; 1 = whatever fails, the study goes on
  std::optional<std::uint64_t> recycle_after_trials;
  bool confine = false;  // workers write only to the study's own files and to `writable`
  std::vector<std::filesystem::path> writable;  // absolute

  [[nodiscard]] Device device_of(std::size_t worker) const {
    return devices.empty() ? Device{} : devices[worker % devices.size()];
  }
  // Of one trial: its own limit, else its part of `memory`.
  [[nodiscard]] std::optional<std::uint64_t> memory_limit() const {
    if (memory_bytes_max || !memory) return memory_bytes_max;
    return *memory / std::max(count, 1U);
  }
};

// What is trained again at the end, before the test split is opened once.
struct FinalConfig {
  std::uint32_t top = 0;    // how many of the best trials; 0 = no final part
  std::uint32_t seeds = 1;  // trainings of each
  Budget budget;
};

// What is tried before the sampler is asked.
struct WarmStart {
  std::vector<ConfigValue> configurations;  // tables: values by parameter
  struct Earlier {
    std::string store, name;  // name empty: the only study of the store
    SourceLocation where{};
  };
  std::vector<Earlier> studies;
  std::uint32_t top = 10;  // best configurations of each
};

struct PluginConfig {
  std::vector<std::filesystem::path> path;  // absolute
  std::vector<SourceLocation> path_where;   // of each
  std::vector<std::string> allow;           // "sha256:<64 hex digits>"; empty = every library may be loaded
};

struct StudyConfig {
  std::string name;
  std::uint64_t seed = 1;
  std::uint32_t parallel = 1;  // trials that may run at once: part of the study's identity
  bool deterministic = true;
  Duplicates duplicates = Duplicates::reuse;
  std::string store;  // absolute path, URL without its password (see store_location.hpp), or ":memory:"

  std::vector<Objective> objectives;  // at least one
  std::vector<Constraint> constraints;
  Acceptance acceptance;
  StopConditions stop;
  Budget budget;
  Validation validation;

  std::optional<ComponentConfig> dataset;
  ComponentConfig space;
  ComponentConfig sampler;                   // "auto" unless given
  std::optional<ComponentConfig> scheduler;  // absent: every trial gets its full budget
  std::optional<ComponentConfig> trainer;
  std::vector<ComponentConfig> evaluators;
  std::vector<ComponentConfig> compressors;

  WorkerConfig workers;
  FinalConfig final;
  WarmStart warm_start;
  PluginConfig plugins;

  std::filesystem::path file;       // as given; empty for text that came from no file
  std::filesystem::path directory;  // absolute; relative paths of the file start here
};

// A study on its way from its file to PreparedStudy: what could be read of it, and everything wrong so far. Each step
// adds its mistakes, so that a person sees all of them at once, and passes over what it cannot know because of earlier
// ones.
struct StudyDraft {
  StudyDraft() = default;
  StudyDraft(StudyConfig study) : config(std::move(study)) {}  // a study is a draft without mistakes

  StudyConfig config;  // what is wrong has its default; a component without a type that can be read has the type ""
  Diagnostics mistakes;
  bool settings_known = true;     // [study] to [budget], which samplers and schedulers are told of
  bool plugins_known = true;      // [plugins]
  bool parameters_known = true;   // no option that may be searched is lost with a line or section
  std::set<std::string> refused;  // paths of components whose type or options are wrong
};

// Do the files of the study's trials travel through its store? So they do where that is a database, trials run in worker
// processes, and no folder is named that all machines share. Each machine then has a folder of its own.
bool files_in_store(const StudyConfig& config);

// Reads and checks a file. `overrides` are "sampler.population=20": a dotted path ("evaluator.0.type" reaches into
// arrays) and a TOML value, or else plain text. The error holds every mistake, one line each.
Result<StudyConfig> load_study(const std::filesystem::path& file, std::span<const std::string> overrides = {});
// The same with the mistakes in the draft, for prepare_study() to add its own. Errors: nothing of it can be read.
Result<StudyDraft> load_draft(const std::filesystem::path& file, std::span<const std::string> overrides = {});

// The same for text: `file_name` is what messages call it, `directory` where relative paths start.
Result<StudyConfig> parse_study(std::string_view text, std::string file_name, const std::filesystem::path& directory,
                                std::span<const std::string> overrides = {});
Result<StudyDraft> parse_draft(std::string_view text, std::string file_name, const std::filesystem::path& directory,
                               std::span<const std::string> overrides = {});

// The whole study as TOML: every default written out, paths absolute. parse_study() of it gives the same study again.
// Component options are complete where the ComponentConfig is ResolvedComponent::complete.
std::string resolved_toml(const StudyConfig& study);

// The same content as one JSON object.
std::string resolved_json(const StudyConfig& study);

// Every component of the study in the order of the file's reference: dataset, space, sampler, scheduler, trainer,
// compressors, evaluators.
std::vector<ComponentConfig*> components(StudyConfig& study);
std::vector<const ComponentConfig*> components(const StudyConfig& study);

}  // namespace nascent::core
