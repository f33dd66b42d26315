#include "nascent/core/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

extern char** environ;

namespace nascent::core {
namespace {

constexpr std::size_t output_size_max = 16u << 20;

// Closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  void set(int fd) { fd_ = fd; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
  bool open() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return false;
    read.set(fds[0]);
    write.set(fds[1]);
    return true;
  }
};

// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& into) {
  char buffer[65536];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (into.size() < output_size_max) into.append(buffer, static_cast<std::size_t>(n));
  return n > 0;
}

}  // namespace

Result<ChildOutcome> run_child(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                               const std::vector<std::string>& defaults) {
  using Clock = std::chrono::steady_clock;
  Pipe out, err;
  if (!out.open() || !err.open())
    return fail(ErrorKind::system, fmt::format("no pipe for a child process: {}", std::strerror(errno)));

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  std::vector<char*> arguments;
  for (const std::string& a : argv) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
  for (const std::string& d : defaults) {
    if (std::getenv(d.substr(0, d.find('=')).c_str()) == nullptr) environment.push_back(const_cast<char*>(d.c_str()));
  }
  environment.push_back(nullptr);

  const auto start = Clock::now();
  pid_t pid = 0;
  const int code =
      ::posix_spawnp(&pid, argv.front().c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0)
    return fail(ErrorKind::system, fmt::format("{}: cannot be started: {}", argv.front(), std::strerror(code)));
  out.write.reset();
  err.write.reset();

  ChildOutcome outcome;
  const auto deadline = start + limit;
  bool out_open = true, err_open = true;
  while ((out_open || err_open) && !outcome.timed_out) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd fds[2] = {{out_open ? out.read.get() : -1, POLLIN, 0}, {err_open ? err.read.get() : -1, POLLIN, 0}};
    const int ready = left > 0 ? ::poll(fds, 2, static_cast<int>(left)) : 0;
    if (ready == 0) outcome.timed_out = true;
    if (ready <= 0) continue;
    if (fds[0].revents != 0) out_open = drain(out.read.get(), outcome.out);
    if (fds[1].revents != 0) err_open = drain(err.read.get(), outcome.err);
  }
  // Closed pipes do not mean a finished process: it has until the deadline as well.
  int status = 0;
  pid_t ended = 0;
  while (!outcome.timed_out && (ended = ::waitpid(pid, &status, WNOHANG)) == 0) {
    if (Clock::now() >= deadline) outcome.timed_out = true;
    ::usleep(500);
  }
  if (outcome.timed_out) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  }
  outcome.elapsed_s = std::chrono::duration<double>(Clock::now() - start).count();
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

std::string own_executable() {
  std::error_code code;
  return std::filesystem::read_symlink("/proc/self/exe", code).string();
}

}  // namespace nascent::core
