#include "trial_task.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <nascent/error.hpp>
#include <utility>

namespace nascent::core {

void set_metric(std::vector<Metric>& metrics, std::string_view name, double value) {
  for (Metric& metric : metrics) {
    if (metric.name != name) continue;
    metric.value = value;
    return;
  }
  metrics.push_back({std::string(name), value});
}

TrialTask::TrialTask(std::vector<std::string> must_be_finite, std::uint32_t threads, Device device)
    : must_be_finite_(std::move(must_be_finite)) {
  raw_.size = sizeof raw_;
  raw_.threads = std::max(threads, 1U);
  raw_.ctx = this;
  raw_.device_type = static_cast<std::int32_t>(device.type);
  raw_.device_id = device.id;
  raw_.world_size = 1;
  raw_.cancelled = &cancelled;
  raw_.report = &report;
  raw_.progress = &progress;
}

void TrialTask::begin(TrialSession& session, TrialId trial, std::uint64_t seed, std::string artifact_dir) {
  session_ = &session;
  artifact_dir_ = std::move(artifact_dir);
  raw_.trial_id = trial;
  raw_.seed = seed;
  raw_.artifact_dir = str(artifact_dir_);
  newest_.reset();
  verdict_ = Verdict::proceed;
  session_error_.reset();
  complaint_.clear();
  diverged_ = false;
}

void TrialTask::take_place(const TeamPlace& place) {
  rendezvous_ = place.rendezvous;
  raw_.rank = place.rank;
  raw_.world_size = place.processes;
  raw_.rendezvous = str(rendezvous_);
}

std::int32_t TrialTask::cancelled(void* ctx) noexcept {
  return static_cast<TrialTask*>(ctx)->session_->cancelled() ? 1 : 0;
}

nas_status TrialTask::report(void* ctx, double budget, const nas_metric* metrics, std::size_t n,
                             std::uint32_t* verdict) noexcept {
  auto& task = *static_cast<TrialTask*>(ctx);
  const std::lock_guard lock(task.mutex_);
  // The calling plugin knows nothing of our exceptions; the only ones left here are those of memory.
  try {
    const nas_status status = task.take(budget, metrics, n);
    constexpr std::uint32_t codes[] = {NAS_GO, NAS_STOP, NAS_PAUSE};
    if (verdict != nullptr) *verdict = codes[static_cast<std::size_t>(task.verdict_)];
    return status;
  } catch (const std::exception& error) {
    task.session_error_ = Error{ErrorKind::system, error.what()};
    return NAS_E_NOMEM;
  }
}

nas_status TrialTask::refuse(nas_status status, std::string why) {
  complaint_ = std::move(why);
  return status;
}

nas_status TrialTask::take(double budget, const nas_metric* metrics, std::size_t n) {
  if (session_error_) return NAS_E_CANCELLED;
  if (verdict_ != Verdict::proceed) return NAS_OK;
  if (!std::isfinite(budget) || budget < 0) {
    return refuse(NAS_E_INVALID, fmt::format("report at budget {}; a budget is finite and not negative", budget));
  }
  Report report{budget, {}};
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view name = view(metrics[i].name);
    const double value = metrics[i].value;
    if (!is_metric_name(name)) {
      return refuse(NAS_E_INVALID,
                    fmt::format("metric \"{}\" of a report; names are [a-z][a-z0-9_]*, at most {} letters",
                                name.substr(0, kMetricNameSizeMax), kMetricNameSizeMax));
    }
    if (std::isfinite(value)) {
      set_metric(report.metrics, name, value);
    } else if (std::find(must_be_finite_.begin(), must_be_finite_.end(), name) != must_be_finite_.end()) {
      diverged_ = true;
      return refuse(NAS_E_NUMERIC, fmt::format("{} is {} at budget {}", name, value, budget));
    } else {
      spdlog::warn("trial={} metric={} value={} budget={} action=left_out", raw_.trial_id, name, value, budget);
    }
  }
  auto verdict = session_->report(report);
  newest_ = std::move(report);
  if (!verdict) {
    session_error_ = std::move(verdict.error());
    return NAS_E_CANCELLED;
  }
  verdict_ = *verdict;
  return NAS_OK;
}

}  // namespace nascent::core
