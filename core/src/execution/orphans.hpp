// Attempts that a killed coordinator left open.
#pragma once

#include <string>
#include <string_view>

#include "nascent/core/store.hpp"

namespace nascent::core {

// "<slot>@<host>:<pid>" of this process; what a store keeps as a trial's worker.
std::string worker_name(std::string_view slot);

// Queues the trials of all open leases again: their workers end with their coordinator. Waits a moment for those of this
// machine that are on their way out, so that two attempts do not share a trial's folder.
Result<void> requeue_orphans(Store& store, const Coordinator& coordinator);

}  // namespace nascent::core
