#include "refusals.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace nascent::core::store {
namespace {

template <class... Values>
tl::unexpected<Error> refuse(const std::string& store, fmt::format_string<Values...> text, Values&&... values) {
  return fail(ErrorKind::store, "store " + store + ": " + fmt::format(text, std::forward<Values>(values)...));
}

std::string utc(double seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace

tl::unexpected<Error> coordinator_held(const std::string& store, const ProcessIdentity& holder, double since,
                                       double renewed_at) {
  return refuse(
      store,
      "the study is being run by process {} on {} since {} (last sign of life {}); stop that one first, or wait "
      "until it ends",
      holder.pid, holder.host, utc(since), utc(renewed_at));
}

tl::unexpected<Error> coordinator_lost(const std::string& store, const std::string& host, std::int64_t pid) {
  return refuse(
      store,
      "process {} on {} has taken over the study, because this one gave no sign of life; nothing stored is lost; "
      "this process must end",
      pid, host);
}

tl::unexpected<Error> coordinator_released(const std::string& store) {
  return refuse(store, "this process does not coordinate the study; acquire it first");
}

tl::unexpected<Error> no_study(const std::string& store, StudyId study) {
  return refuse(store, "there is no study {}", study);
}

tl::unexpected<Error> study_unnamed(const std::string& store) { return refuse(store, "a study needs a name"); }

tl::unexpected<Error> study_exists(const std::string& store, const std::string& name) {
  return refuse(store,
                "there is a study \"{}\" already; continue it with `nascent resume`, or give the new one another name",
                name);
}

tl::unexpected<Error> no_trial(const std::string& store, TrialId trial) {
  return refuse(store, "there is no trial {}", trial);
}

tl::unexpected<Error> trial_exists(const std::string& store, TrialId trial) {
  return refuse(store, "trial {} is stored already", trial);
}

tl::unexpected<Error> not_finished(const std::string& store, TrialId trial) {
  return refuse(store, "trial {} is recorded as finished but has no finished state; enqueue it instead", trial);
}

tl::unexpected<Error> not_paused(const std::string& store, TrialId trial) {
  return refuse(store, "trial {} is not paused; only a paused one can be promoted", trial);
}

tl::unexpected<Error> not_ended(const std::string& store, TrialId trial) {
  return refuse(store, "the result of trial {} has no state that ends an attempt (a finished one, or paused)", trial);
}

tl::unexpected<Error> misfit(const std::string& store, TrialId trial, const Error& why) {
  return refuse(store, "trial {}: {}", trial, why.message);
}

tl::unexpected<Error> misfit_queued(const std::string& store, const Error& why) {
  return refuse(store, "a configuration for the queue: {}", why.message);
}

tl::unexpected<Error> no_report(const std::string& store, const ReportRecord& report) {
  return refuse(store, "there is no report {} of attempt {} of trial {} that waits for a verdict", report.number,
                report.attempt, report.trial);
}

}  // namespace nascent::core::store
