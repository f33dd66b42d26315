// The program of a worker process: leases trials from the store, runs them, reports.
#pragma once

#include <string_view>

namespace nascent::core {

// nascent-worker component FD: runs one sampler or scheduler with isolation = "process", and nothing else.
inline constexpr std::string_view kComponentRole = "component";

// nascent-worker STORE STUDY SLOT DOORBELL_FD LEASE_SECONDS THREADS ROLE [TEST_TRIAL]: started by workers_executor() and by
// nobody else. Returns the exit status; the last line on standard error says why it is not 0.
int worker_main(int argc, const char* const* argv);

}  // namespace nascent::core
