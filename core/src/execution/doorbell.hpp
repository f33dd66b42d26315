// One byte between coordinator and worker that says: look into the store. No data crosses here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nascent::core {

enum class Bell : char {
  // To a worker.
  look = 'l',   // a trial was queued, or a verdict given
  leave = 'q',  // take no further trial
  // To the coordinator.
  ready = 'r',     // the components are created
  busy = 'b',      // leased a trial
  idle = 'i',      // its result is in the store
  reported = 'p',  // a report waits for its verdict
};

// Written to a worker's output when a trial begins: what came before does not explain how that trial ended.
inline constexpr char kTrialMark = '\x1e';

// On a worker's command line in place of the role of the trials it leases.
inline constexpr std::string_view kEveryRole = "all";
inline constexpr std::string_view kJoined = "joined";  // those that the study lets workers take at the time
// In a worker's environment: the device that its trials have, as to_string(Device) writes it.
inline constexpr const char* kDeviceVariable = "NASCENT_WORKER_DEVICE";
// In a worker's environment: the folder of trials' files of this machine's own, where they travel through the store; else "".
inline constexpr const char* kFilesVariable = "NASCENT_WORKER_FILES";

// Exit statuses of a worker.
inline constexpr int kWorkerLeft = 0;         // was told to, between two trials
inline constexpr int kWorkerInterrupted = 3;  // SIGTERM: the trial it had is as if it had not begun
inline constexpr int kWorkerCannotStart = 4;  // a component, the study or the store refuses; another worker would too
inline constexpr int kWorkerGaveUp = 5;       // the store failed while a trial ran
inline constexpr int kWorkerOrphaned = 6;     // its coordinator ended
inline constexpr int kWorkerWorn = 7;         // holds too much by now; another process takes its place
inline constexpr int kWorkerTeamBroken = 8;   // of the processes that train together one is gone or hangs
// The trial failed and has attempts left: this and the FailureReason. The last line of output is its message, after
// kFailureMark, so that a plugin which ends the process with such a status is not taken for it.
inline constexpr int kWorkerTrialFailed = 200;
inline constexpr char kFailureMark = '\x1d';

// Rings without waiting: a full pipe means that the other side has bells enough.
void ring(int fd, Bell bell);

// What has been rung since the last call. `closed`: the other side is gone.
struct Heard {
  std::vector<Bell> bells;
  bool closed = false;
};
Heard hear(int fd);

}  // namespace nascent::core
