// Who runs here, and whether somebody who was written down still does.
#pragma once

#include <cstdint>
#include <string>

namespace nascent::core::store {

// Names one process among all machines, boots and containers.
struct ProcessIdentity {
  std::string host;   // for people
  std::string scope;  // machine boot and process namespace in which `pid` means something
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;  // when it started, clock ticks since boot: a reused pid is another process
};

ProcessIdentity this_process();

enum class Liveness { alive, gone, unknown };  // unknown: another machine, boot or container

Liveness liveness_of(const ProcessIdentity& process);

// Whether a holder who gave the last sign of life `silent_seconds` ago keeps its right; see Store::acquire_coordinator.
bool still_holds(const ProcessIdentity& holder, double silent_seconds, double stale_after_seconds);

}  // namespace nascent::core::store
