// Carries out one trial in this process: data, training, compression, evaluation.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/device.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// What a running trial can ask of whoever runs it. Every function may be called from any thread.
class TrialSession {
 public:
  virtual ~TrialSession() = default;
  // Stores the report and waits for the scheduler's answer. An error ends the attempt without a result.
  virtual Result<Verdict> report(const Report& report) = 0;
  // A report of an earlier attempt which this one continues: stored without asking anybody.
  virtual Result<void> repeat(const Report& report) = 0;
  // Asked to stop now: the trial goes back to the queue.
  [[nodiscard]] virtual bool cancelled() const = 0;
};

// A process's place among those that train one trial together; see nas_task.
struct TeamPlace {
  std::uint32_t rank = 0, processes = 1;
  std::string rendezvous;
};

// The processes that train a trial together, as the first of them calls the others.
class Team {
 public:
  virtual ~Team() = default;
  [[nodiscard]] virtual std::uint32_t processes() const = 0;
  // The others begin to train `trial`. Returns the rendezvous.
  virtual std::string begin(TrialId trial) = 0;
  // Waits until they have ended: the first error among theirs that is not that they lost the rest (NAS_E_CANCELLED).
  virtual std::optional<PluginError> end() = 0;
  // They cannot train together: ends this process, so that the attempt counts as crashed.
  [[noreturn]] virtual void give_up(const std::string& why) = 0;
};

// How an attempt ended. `finished` includes failed trials: they are data.
enum class AttemptEnd { finished, paused, cancelled };

class TrialRunner {
 public:
  virtual ~TrialRunner() = default;
  // Runs `trial` (id, configuration, seed, role are read) and fills in its result: state, reason, message,
  // budget_spent, metrics, details_json, cost_seconds, artifact_dir. An error means that this
  // process cannot run trials at all, or that the session's report failed.
  virtual Result<AttemptEnd> run(Trial& trial, TrialSession& session) = 0;
  // Trainings go over all processes of the team from now on. `team` must outlive this.
  virtual void lead(Team& team) = 0;
  // Trains along with the process that leads `trial`: no reports, no files, no model.
  virtual PluginResult<void> follow(const Trial& trial, const TeamPlace& place) = 0;
  // Does it report while it runs? If so its trials are leased from the store, which keeps the reports.
  [[nodiscard]] virtual bool reports() const = 0;
  // Metrics of a finished trial's saved model on the test split, named "test_...". The caller records the opening
  // first.
  virtual Result<std::vector<Metric>> evaluate_test(const Trial& trial) = 0;
};

// Runs trials with the study's own components, each created once. `artifacts` is the folder of the study's files (see
// artifacts_folder); "" keeps no files: no checkpoints, no saved models. `threads` and `device` are each trial's.
Result<std::unique_ptr<TrialRunner>> component_runner(PluginCatalog& catalog, const ResolvedStudy& study,
                                                      std::filesystem::path artifacts, std::uint32_t threads = 1,
                                                      Device device = {});

// Where the files of a study's trials lie: in the folder of that name in `artifacts` (see WorkerConfig). Without one:
// "dir/a.db", study "b" -> "dir/a.artifacts/b"; "" for ":memory:" and URLs.
std::filesystem::path artifacts_folder(std::string_view store_location, std::string_view study_name,
                                       const std::filesystem::path& artifacts = {});
// Leaves a mark there that tells a machine which shares the folder from one that only has a folder of that name.
Result<void> mark_artifacts(const std::filesystem::path& folder, const StudyRecord& study);
// Fails where the study's mark cannot be seen.
Result<void> check_artifacts(const std::filesystem::path& folder, const StudyRecord& study);
// The trial's folder in `artifacts` becomes what the store has of it.
Result<void> fetch_artifacts(Store& store, StudyId study, TrialId trial, const std::filesystem::path& artifacts);
// Trial::artifact_dir of a trial: "trial-7".
std::string trial_folder(TrialId trial);
// The model of a finished trial in the trainer's own format, as nas_trainer_vt::load reads it; it may not exist.
std::filesystem::path model_path(const std::filesystem::path& artifacts, TrialId trial);

}  // namespace nascent::core
