// The process in which an isolated component runs, as the search holds it: asked, waited for, ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "execution/file_descriptor.hpp"
#include "nascent/core/result.hpp"

namespace nascent::core::isolation {

// A message is its size in eight bytes and that many more. false: the other side is gone.
bool send_message(int socket, const std::string& message);
bool receive_message(int socket, std::string& message);

// One call at a time. Ends with this object. What it writes goes to the log, lines of the component's own log by their level.
class ComponentProcess {
 public:
  // `name` is what messages call it; `seconds_max` how long an answer may take.
  static Result<ComponentProcess> start(std::string name, double seconds_max);
  ComponentProcess(ComponentProcess&& other) noexcept;
  ComponentProcess& operator=(ComponentProcess&&) = delete;
  ~ComponentProcess();

  // The answer to `request`. An error says how the process ended, and every later call says the same.
  Result<std::string> call(const std::string& request);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Way { in, out };

  ComponentProcess(std::string name, double seconds_max, pid_t pid, FileDescriptor socket, FileDescriptor output);
  // Moves `size` bytes between the socket and `bytes`.
  Result<void> transfer(Way way, char* bytes, std::size_t size, Clock::time_point until);
  void read_output();
  void log_line(std::string line);
  // Why there is no answer, now and from now on.
  tl::unexpected<Error> gone(const std::string& how);
  void end();

  std::string name_;
  double seconds_max_;
  pid_t pid_;
  FileDescriptor socket_, output_;
  std::string line_;       // not yet ended
  std::string last_line_;  // that the component wrote past its log
  std::string gone_;
};

}  // namespace nascent::core::isolation
