#include "isolation/component_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "execution/worker_process.hpp"
#include "nascent/core/config_value.hpp"
#include "nascent/core/worker.hpp"

extern char** environ;

namespace nascent::core::isolation {
namespace {

constexpr int kSocketInChild = 3;
constexpr int kLowestOwnFile = 10;  // out of the way of those that start() lays down
constexpr std::chrono::milliseconds kOutputLook{200};
constexpr std::chrono::milliseconds kEndingMax{1000};  // between a closed socket and the end of its process

bool is_transient(int error) { return error == EINTR || error == EAGAIN || error == EWOULDBLOCK; }

bool move_all(int socket, char* bytes, std::size_t size, bool out) {
  while (size > 0) {
    const ssize_t n = out ? ::send(socket, bytes, size, MSG_NOSIGNAL) : ::recv(socket, bytes, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

FileDescriptor moved_up(int fd) {
  FileDescriptor old(fd);
  return FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, kLowestOwnFile));
}

}  // namespace

bool send_message(int socket, const std::string& message) {
  std::uint64_t size = message.size();
  return move_all(socket, reinterpret_cast<char*>(&size), sizeof size, true) &&
         move_all(socket, const_cast<char*>(message.data()), message.size(), true);
}

bool receive_message(int socket, std::string& message) {
  std::uint64_t size = 0;
  if (!move_all(socket, reinterpret_cast<char*>(&size), sizeof size, false)) return false;
  message.resize(size);
  return move_all(socket, message.data(), message.size(), false);
}

Result<ComponentProcess> ComponentProcess::start(std::string name, double seconds_max) {
  const auto program = find_worker_program();
  if (!program) return tl::unexpected<Error>(program.error());
  int ends[2], out[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail(ErrorKind::system, fmt::format("socketpair: {}", std::strerror(errno)));
  FileDescriptor socket = moved_up(ends[0]), childs_socket = moved_up(ends[1]);
  if (pipe2(out, O_CLOEXEC) != 0) return fail(ErrorKind::system, fmt::format("pipe: {}", std::strerror(errno)));
  FileDescriptor output = moved_up(out[0]), childs_output = moved_up(out[1]);
  fcntl(output.get(), F_SETFL, O_NONBLOCK);
  fcntl(socket.get(), F_SETFL, O_NONBLOCK);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, childs_output.get(), 1);
  posix_spawn_file_actions_adddup2(&files, childs_output.get(), 2);
  posix_spawn_file_actions_adddup2(&files, childs_socket.get(), kSocketInChild);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C is the search's
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string path = program->string(), role(kComponentRole), fd = std::to_string(kSocketInChild);
  char* arguments[] = {path.data(), role.data(), fd.data(), nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, path.c_str(), &files, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return fail(ErrorKind::system, fmt::format("{}: the process of {} did not start: {}", path, name, std::strerror(failed)));
  return ComponentProcess(std::move(name), seconds_max, pid, std::move(socket), std::move(output));
}

ComponentProcess::ComponentProcess(std::string name, double seconds_max, pid_t pid, FileDescriptor socket, FileDescriptor output)
    : name_(std::move(name)), seconds_max_(seconds_max), pid_(pid), socket_(std::move(socket)), output_(std::move(output)) {}

ComponentProcess::ComponentProcess(ComponentProcess&& other) noexcept
    : name_(std::move(other.name_)),
      seconds_max_(other.seconds_max_),
      pid_(std::exchange(other.pid_, 0)),
      socket_(std::move(other.socket_)),
      output_(std::move(other.output_)),
      line_(std::move(other.line_)),
      last_line_(std::move(other.last_line_)),
      gone_(std::move(other.gone_)) {}

ComponentProcess::~ComponentProcess() { end(); }

void ComponentProcess::end() {
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

Result<std::string> ComponentProcess::call(const std::string& request) {
  if (!gone_.empty()) return fail(ErrorKind::plugin, gone_);
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_max_));
  std::uint64_t size = request.size();
  std::string answer;
  auto done = transfer(Way::out, reinterpret_cast<char*>(&size), sizeof size, until)
                  .and_then([&] { return transfer(Way::out, const_cast<char*>(request.data()), request.size(), until); })
                  .and_then([&] { return transfer(Way::in, reinterpret_cast<char*>(&size), sizeof size, until); })
                  .and_then([&] {
                    answer.resize(size);
                    return transfer(Way::in, answer.data(), size, until);
                  });
  read_output();
  if (!done) return tl::unexpected<Error>(done.error());
  return answer;
}

Result<void> ComponentProcess::transfer(Way way, char* bytes, std::size_t size, Clock::time_point until) {
  const bool out = way == Way::out;
  while (size > 0) {
    const ssize_t n = out ? ::send(socket_.get(), bytes, size, MSG_NOSIGNAL) : ::recv(socket_.get(), bytes, size, 0);
    if (n > 0) {
      bytes += n;
      size -= static_cast<std::size_t>(n);
      continue;
    }
    if (n == 0 || !is_transient(errno)) {
      // It says why it has ended, where it is about to.
      int status = 0;
      pid_t ended = 0;
      for (const auto give_up = Clock::now() + kEndingMax; (ended = waitpid(pid_, &status, WNOHANG)) == 0 && Clock::now() < give_up;) usleep(500);
      if (ended <= 0) return gone("closed its files");
      kill(-pid_, SIGKILL);
      pid_ = 0;
      return gone("ended by " + to_string(WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0}));
    }
    if (Clock::now() >= until) return gone(fmt::format("did not answer within call_seconds_max = {:g} s", seconds_max_));
    pollfd files[] = {{socket_.get(), static_cast<short>(out ? POLLOUT : POLLIN), 0}, {output_.get(), POLLIN, 0}};
    poll(files, 2, static_cast<int>(kOutputLook.count()));
    read_output();
  }
  return {};
}

tl::unexpected<Error> ComponentProcess::gone(const std::string& how) {
  end();
  read_output();
  if (!line_.empty()) log_line(std::exchange(line_, {}));
  gone_ = "its process " + how;
  if (!last_line_.empty()) gone_ += "; its last output: " + last_line_;
  gone_ += "; the trials are kept, and the study can be resumed";
  return fail(ErrorKind::plugin, gone_);
}

void ComponentProcess::read_output() {
  for (;;) {
    char bytes[4096];
    const ssize_t n = ::read(output_.get(), bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) output_ = FileDescriptor();
    if (n <= 0) return;
    line_.append(bytes, static_cast<std::size_t>(n));
    for (std::size_t end = 0; (end = line_.find('\n')) != std::string::npos;) {
      log_line(line_.substr(0, end));
      line_.erase(0, end + 1);
    }
    constexpr std::size_t line_size_max = 4096;
    if (line_.size() <= line_size_max) continue;
    log_line(line_);
    line_.clear();
  }
}

// "warning component=x ..." is a line of the component's log.
void ComponentProcess::log_line(std::string line) {
  constexpr std::size_t shown_max = 200;
  const auto space = line.find(' ');
  for (const auto level : {spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err}) {
    const auto word = spdlog::level::to_string_view(level);
    if (line.substr(0, space) != std::string_view(word.data(), word.size())) continue;
    return spdlog::log(level, "{}", space == std::string::npos ? "" : line.substr(space + 1));
  }
  if (line.empty()) return;
  spdlog::debug("component={} output={}", name_, toml_text(line));
  last_line_ = line.substr(0, shown_max);
  std::ranges::replace_if(last_line_, [](char c) { return c >= 0 && c < ' '; }, ' ');
}

}  // namespace nascent::core::isolation
