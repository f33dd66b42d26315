// Attempts that a killed coordinator left open.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "nascent/core/store.hpp"

namespace nascent::core {

// "<slot>@<host>:<pid>": what a store keeps as the worker of a trial.
std::string worker_name(std::string_view slot, pid_t pid);

// Queues the trials of all open leases again: their workers end with their coordinator. Waits a moment for those of
// this machine that are on their way out, so that two attempts do not share a trial's folder.
Result<void> requeue_orphans(Store& store, const Coordinator& coordinator);

}  // namespace nascent::core
