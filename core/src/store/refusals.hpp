// What every engine says when it refuses, word for word the same.
#pragma once

#include <string>

#include "nascent/core/store.hpp"
#include "process.hpp"

namespace nascent::core::store {

// `store` is the location, as people know it.
tl::unexpected<Error> coordinator_held(const std::string& store, const ProcessIdentity& holder, double since,
                                       double renewed_at);
tl::unexpected<Error> coordinator_lost(const std::string& store, const std::string& host, std::int64_t pid);
tl::unexpected<Error> coordinator_released(const std::string& store);
tl::unexpected<Error> no_study(const std::string& store, StudyId study);
tl::unexpected<Error> study_unnamed(const std::string& store);
tl::unexpected<Error> study_exists(const std::string& store, const std::string& name);
tl::unexpected<Error> no_trial(const std::string& store, TrialId trial);
tl::unexpected<Error> trial_exists(const std::string& store, TrialId trial);
tl::unexpected<Error> not_finished(const std::string& store, TrialId trial);
tl::unexpected<Error> not_paused(const std::string& store, TrialId trial);
tl::unexpected<Error> not_ended(const std::string& store, TrialId trial);
tl::unexpected<Error> misfit(const std::string& store, TrialId trial, const Error& why);
tl::unexpected<Error> misfit_queued(const std::string& store, const Error& why);
tl::unexpected<Error> no_report(const std::string& store, const ReportRecord& report);

}  // namespace nascent::core::store
