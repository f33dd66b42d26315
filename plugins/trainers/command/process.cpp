#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>

#include "nascent/error.hpp"

extern char** environ;

namespace command {
namespace {

namespace fs = std::filesystem;

constexpr const char* setpriv = "/usr/bin/setpriv";
constexpr std::size_t line_bytes_max = 1 << 20;

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw nascent::Error(NAS_E_IO, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  return ends;
}

// Does "NAME=value" have the name of one of `variables`?
bool names_one_of(const std::vector<std::string>& variables, std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('=') + 1);
  return std::any_of(variables.begin(), variables.end(), [name](const std::string& other) { return other.starts_with(name); });
}

// Releases posix_spawn's objects.
struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace

bool finds_program(const std::string& program, const std::string& directory) {
  const auto runs = [](const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
  };
  if (program.find('/') != std::string::npos) return runs(fs::path(directory) / program);
  const char* given = std::getenv("PATH");
  const std::string folders = given != nullptr ? given : "/bin:/usr/bin";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    if (runs(fs::path(directory) / folders.substr(begin, end - begin) / program)) return true;
    begin = end + 1;
  }
  return false;
}

Process::Process(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                 const std::string& directory, const std::string& log) {
  std::vector<std::string> words;
  if (access(setpriv, X_OK) == 0) words = {setpriv, "--pdeathsig", "KILL", "--"};
  words.insert(words.end(), argv.begin(), argv.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  // A name may stand once only: which of two a program sees depends on the program.
  std::vector<std::string> added = environment;
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!names_one_of(added, *variable)) variables.push_back(*variable);
  }
  for (std::string& variable : added) variables.push_back(variable.data());
  variables.push_back(nullptr);

  const std::array<int, 2> reports = make_pipe(), verdicts = make_pipe();
  SpawnPlan plan;
  posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&plan.actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&plan.actions, STDOUT_FILENO, STDERR_FILENO);
  // Through high numbers first, so that neither end overwrites the other.
  const int high_report = fcntl(reports[1], F_DUPFD_CLOEXEC, 10), high_verdict = fcntl(verdicts[0], F_DUPFD_CLOEXEC, 10);
  posix_spawn_file_actions_adddup2(&plan.actions, high_report, report_fd);
  posix_spawn_file_actions_adddup2(&plan.actions, high_verdict, verdict_fd);
  if (!directory.empty()) posix_spawn_file_actions_addchdir_np(&plan.actions, directory.c_str());
  sigset_t none, defaults;
  sigemptyset(&none);
  sigfillset(&defaults);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &defaults);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const int failure = posix_spawnp(&pid_, arguments[0], &plan.actions, &plan.attributes, arguments.data(), variables.data());
  for (const int fd : {reports[1], verdicts[0], high_report, high_verdict}) close(fd);
  reports_ = reports[0];
  verdicts_ = verdicts[1];
  if (failure != 0) {
    close(reports_);
    close(verdicts_);
    throw nascent::Error(NAS_E_IO, "cannot start '" + argv[0] + "': " + std::strerror(failure));
  }
  fcntl(verdicts_, F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  if (!wait(std::chrono::milliseconds(0))) {
    signal(SIGKILL);
    wait(std::chrono::seconds(10));
  }
  close(reports_);
  close(verdicts_);
}

Process::Read Process::read_line(std::string& line, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (const std::size_t newline = buffer_.find('\n'); newline != std::string::npos) {
      line = buffer_.substr(0, newline);
      buffer_.erase(0, newline + 1);
      return Read::line;
    }
    if (buffer_.size() > line_bytes_max) {
      throw nascent::Error(NAS_E_INTERNAL, "the program wrote a report line of more than 1 MiB; write one JSON object a line");
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{reports_, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready == 0) return Read::timeout;
    if (ready < 0 && errno == EINTR) continue;
    char bytes[4096];
    const ssize_t n = read(reports_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (buffer_.empty()) return Read::end;
      line = std::exchange(buffer_, {});  // a last line without its newline
      return Read::line;
    }
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
}

void Process::write_verdict(const std::string& line) {
  // A child that closed its end must not kill this process with SIGPIPE.
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  if (write(verdicts_, line.data(), line.size()) < 0 && errno == EPIPE) {
    const timespec at_once{0, 0};
    sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::optional<Exit> Process::wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!exit_) {
    siginfo_t ended{};
    const int answer = waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (answer == 0 && ended.si_pid == pid_) {
      // Before it is reaped: its number is still its own, and so is that of its group.
      signal(SIGKILL);
      int status = 0;
      while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
      exit_ = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
    } else if (answer < 0 && errno != EINTR) {
      exit_ = Exit{};  // reaped by somebody else: nothing more to learn
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  return exit_;
}

void Process::signal(int number) { kill(-pid_, number); }

}  // namespace command
