// One worker process as its coordinator holds it: started, heard, measured, ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doorbell.hpp"
#include "file_descriptor.hpp"
#include "nascent/core/device.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// How a process ended.
struct ExitStatus {
  int code = 0;    // of exit()
  int signal = 0;  // that ended it, or 0
};
// "SIGSEGV (Segmentation fault)", "exit status 7".
std::string to_string(const ExitStatus& status);

struct WorkerCommand {
  std::filesystem::path program;
  std::string store_location, study_name, slot;
  double lease_seconds = 30;
  std::uint32_t threads = 1;
  std::optional<TrialRole> role;  // of the trials it leases; empty: all
  std::optional<TrialId> test;    // judge this trial's model on the test split, and end
  Device device;                  // leased to its trials
  std::filesystem::path files;    // see kFilesVariable
  bool joined = false;            // leases what the study lets workers take, see leasing.hpp
};

// The worker program of this installation; see WorkersSetup::worker_program.
Result<std::filesystem::path> find_worker_program();

// Leads a process group of its own, so that what a trainer started ends with it. Destroying it kills what is left.
class WorkerProcess {
 public:
  static Result<WorkerProcess> spawn(const WorkerCommand& command);
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  ~WorkerProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& name() const { return name_; }  // as the store knows it
  [[nodiscard]] int doorbell_fd() const { return doorbell_.get(); }
  [[nodiscard]] int output_fd() const { return output_.get(); }

  void ring(Bell bell) const { core::ring(doorbell_.get(), bell); }
  [[nodiscard]] std::vector<Bell> hear();
  // Takes in what the worker has written; each line goes to the log.
  void read_output();
  // The last lines the worker wrote since its trial began, on one line; "" = nothing.
  [[nodiscard]] std::string last_words() const;
  // The last of them alone, whole: where a worker that cannot start says why.
  [[nodiscard]] std::string last_line() const;

  void send_signal(int signal) const;
  // Resident memory of the worker and what it started.
  [[nodiscard]] std::uint64_t resident_bytes() const;
  // Empty while it runs. Once it has ended the rest of its group is killed; once a signal has ended it, all that it had
  // started.
  std::optional<ExitStatus> reap();

 private:
  // Warnings about trials go to this process's log too, where people look.
  void pass_warnings_on(std::string_view output);

  WorkerProcess(pid_t pid, std::string name, std::string mark, FileDescriptor doorbell, FileDescriptor output)
      : pid_(pid), name_(std::move(name)), mark_(std::move(mark)), doorbell_(std::move(doorbell)), output_(std::move(output)) {}

  pid_t pid_ = 0;
  std::string name_;
  std::string mark_;  // the variable in its environment, and in that of all that it starts
  FileDescriptor doorbell_, output_;
  std::string tail_;
  std::string line_;  // the output's last line, which has not ended
};

// Processes the kernel has killed for memory since the machine started.
std::uint64_t oom_kills();

}  // namespace nascent::core
