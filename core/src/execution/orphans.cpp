#include "orphans.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>

namespace nascent::core {
namespace {

constexpr auto kLeavingMax = std::chrono::seconds(2);
constexpr auto kPoll = std::chrono::milliseconds(5);

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

// 0 when it is not a process of this machine.
pid_t local_pid(std::string_view worker) {
  const auto at = worker.find('@');
  const auto colon = worker.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) return 0;
  if (worker.substr(at + 1, colon - at - 1) != host_name()) return 0;
  pid_t pid = 0;
  std::from_chars(worker.data() + colon + 1, worker.data() + worker.size(), pid);
  return pid;
}

// A dead process whose new parent has not asked for it yet still has a number, and does nothing any more.
bool runs(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(in, line)) return false;
  const auto name_end = line.rfind(") ");
  return name_end != std::string::npos && line[name_end + 2] != 'Z' && line[name_end + 2] != 'X';
}

void wait_until_gone(pid_t pid) {
  if (pid <= 0 || pid == getpid()) return;
  const auto give_up = std::chrono::steady_clock::now() + kLeavingMax;
  while (runs(pid) && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(kPoll);
}

}  // namespace

std::string worker_name(std::string_view slot, pid_t pid) { return fmt::format("{}@{}:{}", slot, host_name(), pid); }

bool has_joined(std::string_view worker) { return worker.substr(0, worker.find('@')) == kJoinedSlot; }

bool is_gone(std::string_view worker) {
  const pid_t pid = local_pid(worker);
  return pid != 0 && !runs(pid);
}

Result<void> requeue_orphans(Store& store, const Coordinator& coordinator, std::optional<TrialRole> role) {
  const auto open = store.open_leases(coordinator.study);
  if (!open) return tl::unexpected<Error>(open.error());
  for (const LeaseRecord& record : *open) {
    if (has_joined(record.worker) && !is_gone(record.worker)) {
      const auto trial = store.trial(coordinator.study, record.lease.trial);
      if (!trial) return tl::unexpected<Error>(trial.error());
      if (!role || (*trial && (*trial)->role == *role)) continue;
    } else {
      wait_until_gone(local_pid(record.worker));
    }
    const auto state = store.requeue(coordinator, record.lease, FailureReason::none, "its coordinator ended");
    if (!state) return tl::unexpected<Error>(state.error());
    spdlog::info("trial={} attempt={} worker={} state=queued reason=coordinator_ended", record.lease.trial,
                 record.lease.attempt, record.worker);
  }
  return {};
}

}  // namespace nascent::core
