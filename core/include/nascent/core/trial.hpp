// The values of a search: configurations, trials and what was observed of them.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nascent::core {

// Number of a trial within its study, counted from 0 in the order of asking.
using TrialId = std::uint64_t;

enum class TrialState {
  queued,     // stored, waiting for a worker
  running,    // leased by a worker
  completed,  // trained and evaluated
  pruned,     // stopped early by the scheduler; metrics are those of the last report
  failed,     // see FailureReason
  invalid,    // decodes to no architecture; never trained
  paused,     // checkpointed, may be promoted
};

// Why a trial failed. A failed trial is data: the search goes on.
enum class FailureReason { none, diverged, crashed, out_of_memory, timed_out, lost, error, out_of_disk };

// Search trials feed the sampler; final trials retrain a winner and are never told.
enum class TrialRole { search, final };

// Values of all parameters of the study's space, row-major order of declaration.
struct Configuration {
  std::vector<double> x;             // [n_params] natural units; choice index for choices; 0 where inactive
  std::vector<std::uint8_t> active;  // [n_params]
  bool operator==(const Configuration&) const = default;
};

struct Metric {
  std::string name;
  double value = 0;
  bool operator==(const Metric&) const = default;
};

// One intermediate report: the metrics at `budget` units spent.
struct Report {
  double budget = 0;
  std::vector<Metric> metrics;
};

struct Trial {
  TrialId id = 0;
  TrialRole role = TrialRole::search;
  TrialState state = TrialState::queued;
  FailureReason reason = FailureReason::none;
  std::string message;            // why it failed, in one line
  Configuration configuration;
  std::uint64_t seed = 0;         // of the trial's training
  std::string architecture_hash;  // canonical hash of the graph; empty for spaces without architectures
  std::optional<TrialId> duplicate_of;  // metrics were taken from this trial
  std::optional<TrialId> parent;  // final trials: the search trial that is retrained; search trials: from whose checkpoint it went on
  double budget_spent = 0;        // in the study's budget unit
  std::vector<Metric> metrics;    // last report and evaluators; empty unless completed or pruned
  std::string details_json;       // arrays and text from evaluators (confusion matrix), JSON object or empty
  bool accepted = false;          // by the study's acceptance rule
  std::uint32_t attempts = 0;     // leases so far
  std::string worker;             // who ran it last
  double queued_at = 0, started_at = 0, finished_at = 0;  // seconds since the Unix epoch
  double cost_seconds = 0;        // training and evaluation
  std::string artifact_dir;       // relative to the study's folder; empty when it left no files

  [[nodiscard]] bool finished() const {
    return state == TrialState::completed || state == TrialState::pruned || state == TrialState::failed ||
           state == TrialState::invalid;
  }
};

// The names people, stores and JSON use, by value of the enumeration.
inline constexpr std::array<std::string_view, 7> kTrialStateNames = {"queued", "running", "completed", "pruned",
                                                                     "failed", "invalid", "paused"};
inline constexpr std::array<std::string_view, 8> kFailureReasonNames = {
    "none", "diverged", "crashed", "out_of_memory", "timed_out", "lost", "error", "out_of_disk"};
inline constexpr std::array<std::string_view, 2> kTrialRoleNames = {"search", "final"};

constexpr std::string_view name_of(TrialState state) { return kTrialStateNames[static_cast<std::size_t>(state)]; }
constexpr std::string_view name_of(FailureReason reason) {
  return kFailureReasonNames[static_cast<std::size_t>(reason)];
}
constexpr std::string_view name_of(TrialRole role) { return kTrialRoleNames[static_cast<std::size_t>(role)]; }

}  // namespace nascent::core
