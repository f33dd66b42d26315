// Attempts that a killed coordinator left open.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "nascent/core/store.hpp"

namespace nascent::core {

// "<slot>@<host>:<pid>": what a store keeps as the worker of a trial.
std::string worker_name(std::string_view slot, pid_t pid);

// Is it one that came from elsewhere (`nascent worker`), and does not end with its coordinator?
bool has_joined(std::string_view worker);
inline constexpr std::string_view kJoinedSlot = "joined";
// Was it a process of this machine, and is there no more?
bool is_gone(std::string_view worker);

// Queues the trials of all open leases again: their workers end with their coordinator. Waits a moment for those of
// this machine that are on their way out, so that two attempts do not share a trial's folder. Workers that have joined keep
// theirs, where it is of `role` (empty: any) and they are not known to be gone.
Result<void> requeue_orphans(Store& store, const Coordinator& coordinator, std::optional<TrialRole> role);

}  // namespace nascent::core
