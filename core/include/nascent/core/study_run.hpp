// A whole study from its description to the chosen model: search, final training, the test split once.
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
#include "nascent/core/store.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

// Whether a study of that name may be in the store already.
enum class StudyStart { create, resume };

struct StudyRun {
  StudyConfig config;  // to resume: stored_study()
  StudyStart start = StudyStart::create;
  SearchObserver* observer = nullptr;
  const StopRequest* stop = nullptr;
  std::uint32_t threads = 1;  // of each trial
};

struct StudyResult {
  SearchOutcome search;
  std::vector<Trial> finals;          // trainings with the final budget, in order of trial
  std::optional<Trial> chosen;        // the trial whose model is the result; empty when no trial completed
  std::vector<Metric> test_metrics;   // of its model, named "test_..."; empty without a test split or a model
  std::filesystem::path model;        // its files; empty where none were kept
};

// Runs or continues a study with the components of `catalog`, in this process or with workers as its file says.
// Everything is in the store at any moment: after a kill, resuming goes on where the rows end.
// Errors: as those of its parts. After ErrorKind::interrupted nothing is lost either.
Result<StudyResult> run_study(const StudyRun& run, PluginCatalog& catalog);

// The study as its store has it, with every default; its `store` is `location`.
Result<StudyConfig> stored_study(const StudyRecord& record, const std::string& location);

// ----------------------------------------------------------------------------------------------------------------------
// What training a trial again gave.
struct Replay {
  struct Difference {
    std::string metric;
    std::optional<double> recorded, replayed;
    bool is_time = false;  // measures seconds: never the same twice
  };
  Trial recorded, replayed;
  std::vector<Difference> differences;  // sorted as recorded

  // State and all metrics that do not measure time are equal to the bit.
  [[nodiscard]] bool equal() const;
};

// Trains trial `id` again in this process, with its configuration, seed and the verdicts its reports got then, and
// compares. Give a runner that keeps no files.
Result<Replay> replay_trial(Store& store, StudyId study, TrialId id, TrialRunner& runner);

}  // namespace nascent::core
