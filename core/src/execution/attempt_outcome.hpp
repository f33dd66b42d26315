// What becomes of a trial whose attempt ended without a result.
#pragma once

#include <optional>
#include <string>

#include "nascent/core/config.hpp"
#include "nascent/core/store.hpp"

namespace nascent::core {

// Has the trial attempts left after one more that ended for `reason`? Those that ended for another are not counted.
Result<bool> is_tried_again(Store& store, StudyId study, TrialId trial, FailureReason reason, const Retries& retries);

enum class TrialFate { queued, failed };

// Ends the open attempt `record`: the trial is queued again while it has attempts left, else it has failed.
// `coordinator`: in whose name; empty: in that of the worker which held it.
Result<TrialFate> end_attempt(Store& store, const std::optional<Coordinator>& coordinator, const LeaseRecord& record,
                              FailureReason reason, const std::string& message, const Retries& retries);

}  // namespace nascent::core
