// One operation of one trial, as the trainer, compressor or evaluator that carries it out sees it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/error.hpp"
#include "nascent/namespace.hpp"
#include "nascent/scheduler.hpp"

NASCENT_SDK_BEGIN

struct MetricValue {
  std::string_view name;  // snake_case, the unit last: "val_accuracy", "latency_ms_p95"
  double value;
};

// A view; valid during the call that received it.
class Task {
 public:
  explicit Task(const nas_task* task) : task_(task) {}
  [[nodiscard]] const nas_task* raw() const { return task_; }
  [[nodiscard]] std::uint64_t trial_id() const { return task_->trial_id; }
  // All randomness of the operation derives from it: Rng(task.seed(), 0, stream).
  [[nodiscard]] std::uint64_t seed() const { return task_->seed; }
  // Thread budget, the caller included; at least 1.
  [[nodiscard]] int threads() const { return task_->threads == 0 ? 1 : static_cast<int>(task_->threads); }
  // DLPack code: 1 CPU, 2 CUDA; 0 = free to choose.
  [[nodiscard]] int device_type() const { return task_->device_type; }
  [[nodiscard]] int device_id() const { return task_->device_id; }
  // Absolute folder, private to the trial; empty when no files are kept.
  [[nodiscard]] std::string_view artifact_dir() const { return view(task_->artifact_dir); }
  // Asked to stop now? Poll at least once per second of work; then throw Error(NAS_E_CANCELLED, ...).
  [[nodiscard]] bool cancelled() const { return task_->cancelled != nullptr && task_->cancelled(task_->ctx) != 0; }
  // Intermediate metrics at `budget` units spent. May block until the scheduler has decided.
  [[nodiscard]] Verdict report(double budget, std::span<const MetricValue> metrics) const {
    std::vector<nas_metric> raw;
    for (const MetricValue& m : metrics) raw.push_back({str(m.name), m.value});
    std::uint32_t verdict = NAS_GO;
    if (task_->report != nullptr) {
      const nas_status status = task_->report(task_->ctx, budget, raw.data(), raw.size(), &verdict);
      if (status != NAS_OK) throw Error(status, "the host did not take the report");
    }
    return static_cast<Verdict>(verdict);
  }
  // Share of the operation done, in [0, 1]; display only.
  void progress(double fraction) const {
    if (task_->progress != nullptr) task_->progress(task_->ctx, fraction);
  }

 private:
  const nas_task* task_;
};

NASCENT_SDK_END
