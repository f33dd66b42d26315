// A whole study from its description to the chosen model: search, final training, the test split once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/executor.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/prepared_study.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/search.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

// What becomes of the chosen model when the test split was opened for another one before: a number that is looked at
// before the choice is made again is no longer an independent one.
enum class TestSplit { open_once, open_again };

struct StudyRun {
  StudyDraft study;  // to resume: stored_study(), of which [stop], [workers] and [plugins] may be changed
  StudyStart start = StudyStart::create;
  SearchObserver* observer = nullptr;
  const StopRequest* stop = nullptr;
  std::uint32_t threads = 1;  // of each trial
  TestSplit test = TestSplit::open_once;
};

struct StudyResult {
  SearchOutcome search;
  std::vector<Trial> finals;          // trainings with the final budget, in order of trial
  std::optional<Trial> chosen;        // the trial whose model is the result; empty when no trial completed
  std::vector<Metric> test_metrics;   // of its model, named "test_..."; empty without a test split or a model
  std::size_t test_opening = 0;       // for which model of the study they are, from 1 in order of opening; 0: none
  std::optional<TrialId> tested_before;  // the test split was opened for this trial and stayed closed for `chosen`
  std::filesystem::path model;        // its files; empty where none were kept
};

// Runs or continues a study with the components of `catalog`, in this process or with workers as its file says.
// Everything is in the store at any moment: after a kill, resuming goes on where the rows end. A resumed study keeps the
// [stop], [workers] and [plugins] that it is given.
// Errors: as those of its parts; of prepare_study() before anything is stored. After ErrorKind::interrupted nothing is lost either.
Result<StudyResult> run_study(const StudyRun& run, PluginCatalog& catalog);

// The study as its store has it, with every default; its `store` is `location`.
Result<StudyConfig> stored_study(const StudyRecord& record, const std::string& location);

// One setting in which two resolved studies differ.
struct SettingDifference {
  std::string key;            // "stop.trials"
  std::string first, second;  // as JSON; "" where that study has no such setting
};
// In the order of the first study; what only the second has comes last.
std::vector<SettingDifference> setting_differences(const StudyConfig& first, const StudyConfig& second);

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

  // State, reason and all metrics that do not measure time are equal to the bit.
  [[nodiscard]] bool equal() const;
};

// Trains trial `id` again in this process, with its configuration, seed and the verdicts its reports got then, and
// compares. Give a runner that keeps no files.
Result<Replay> replay_trial(Store& store, StudyId study, TrialId id, TrialRunner& runner);

// The same in a worker process with the limits and retries of `workers`, whose store and study it does not use: a crash
// is an outcome. Files are kept in a temporary folder until the end. ErrorKind::interrupted when `stop` is made.
Result<Replay> replay_trial(Store& store, const StudyRecord& study, TrialId id, WorkersSetup workers, const StopRequest& stop);

}  // namespace nascent::core
