// What becomes of a trial whose attempt ended without a result.
#pragma once

#include <cstdint>
#include <string>

#include "nascent/core/store.hpp"

namespace nascent::core {

// Crashes and losses may be the machine's fault: they are tried again. What follows from the trial itself is not.
constexpr bool is_retried(FailureReason reason) {
  return reason == FailureReason::crashed || reason == FailureReason::lost;
}

enum class TrialFate { queued, failed };

// Ends the open attempt `record`: the trial is queued again while it has attempts left (`retries` after the first),
// else it has failed.
Result<TrialFate> end_attempt(Store& store, const Coordinator& coordinator, const LeaseRecord& record,
                              FailureReason reason, const std::string& message, std::uint32_t retries);

}  // namespace nascent::core
