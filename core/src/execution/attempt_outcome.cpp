#include "attempt_outcome.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "nascent/core/config_value.hpp"

namespace nascent::core {

Result<bool> is_tried_again(Store& store, StudyId study, TrialId trial, FailureReason reason, const Retries& retries) {
  if (retries[reason] == 0) return false;
  const auto attempts = store.attempts(study, trial);
  if (!attempts) return tl::unexpected<Error>(attempts.error());
  return std::ranges::count(*attempts, reason, &LeaseRecord::reason) < static_cast<std::ptrdiff_t>(retries[reason]);
}

Result<TrialFate> end_attempt(Store& store, const std::optional<Coordinator>& coordinator, const LeaseRecord& record,
                              FailureReason reason, const std::string& message, const Retries& retries) {
  spdlog::warn("trial={} attempt={} worker={} reason={} message={}", record.lease.trial, record.lease.attempt,
               record.worker, name_of(reason), toml_text(message));
  const auto again = is_tried_again(store, record.lease.study, record.lease.trial, reason, retries);
  if (!again) return tl::unexpected<Error>(again.error());
  if (*again) {
    const auto state = coordinator ? store.requeue(*coordinator, record.lease, reason, message)
                                   : store.give_back(record.lease, reason, message);
    if (!state) return tl::unexpected<Error>(state.error());
    return TrialFate::queued;
  }
  auto row = store.trial(record.lease.study, record.lease.trial);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return fail(ErrorKind::store, fmt::format("trial {} has a lease and no row", record.lease.trial));
  const auto attempts = store.attempts(record.lease.study, record.lease.trial);
  if (!attempts) return tl::unexpected<Error>(attempts.error());
  const auto failures = std::ranges::count_if(*attempts, [](const LeaseRecord& earlier) { return earlier.reason != FailureReason::none; });
  const auto reports = store.reports(record.lease.study, record.lease.trial);
  if (!reports) return tl::unexpected<Error>(reports.error());
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  Trial& trial = **row;
  trial.state = TrialState::failed;
  trial.reason = reason;
  trial.message = failures > 0 ? fmt::format("{} (attempt {})", message, failures + 1) : message;
  trial.metrics.clear();
  trial.budget_spent = reports->empty() ? 0 : reports->back().report.budget;
  trial.cost_seconds += std::max(0.0, now.count() - record.leased_at);  // the clock may have been set back
  const auto state = store.finish(record.lease, trial);
  if (!state) return tl::unexpected<Error>(state.error());
  return TrialFate::failed;
}

}  // namespace nascent::core
