// Carries out one trial in this process: data, training, compression, evaluation.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"
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
  // Asked to stop now: the trial goes back to the queue.
  [[nodiscard]] virtual bool cancelled() const = 0;
};

// How an attempt ended. `finished` includes failed trials: they are data.
enum class AttemptEnd { finished, paused, cancelled };

class TrialRunner {
 public:
  virtual ~TrialRunner() = default;
  // Runs `trial` (id, configuration, seed, role are read) and fills in its result: state, reason, message,
  // architecture_hash, budget_spent, metrics, details_json, cost_seconds, artifact_dir. An error means that this
  // process cannot run trials at all, or that the session's report failed.
  virtual Result<AttemptEnd> run(Trial& trial, TrialSession& session) = 0;
};

// Where the files of a study's trials lie: "dir/fashion.db" -> "dir/fashion.artifacts"; empty for ":memory:".
std::filesystem::path artifacts_folder(std::string_view store_location);

}  // namespace nascent::core
