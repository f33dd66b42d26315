// A worker that joins a study from anywhere: on the coordinator's machine, or on another one that reaches the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/search.hpp"

namespace nascent::core {

enum class JoinFor { whole_study, one_trial };

struct JoinSetup {
  std::string store_location;  // as given to Store::open, without secrets
  std::string study_name;      // empty: the only study of the store
  std::uint32_t threads = 1;   // of each trial
  JoinFor join_for = JoinFor::whole_study;
  std::optional<double> idle_seconds_max;  // leave after so long without a trial
  double wait_seconds = 60;                // for a study that has not begun, or is stopped, to go on
  std::filesystem::path worker_program;    // as in WorkersSetup
  double lease_seconds = 30;
  double stop_grace_seconds = 5;
};

struct JoinResult {
  std::uint64_t trials = 0;  // taken
  std::string reason;        // why it left: "finished", "stopped", "idle", "one trial", "interrupted"
};

// Takes trials of the study, one after another in a worker process of its own, until the study ends. A trial whose worker
// crashes, takes too long or grows too large ends as it would with the coordinator's own workers; after `stop` the trial goes
// back to the queue at once. The coordinator need not run all the time. The thread that calls it has to live as long.
// Errors: the plugins, the data or the files of the study are not here; the store fails; three workers in a row do not start.
Result<JoinResult> join_study(const JoinSetup& setup, const StopRequest& stop);

}  // namespace nascent::core
