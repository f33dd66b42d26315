#include "team.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include "descendants.hpp"
#include "doorbell.hpp"
#include "file_descriptor.hpp"
#include "worker_process.hpp"

extern char** environ;

namespace nascent::core {
namespace {

constexpr int kLineFd = 3;        // in a follower
constexpr int kLowestLineFd = 10;  // here: out of its way
constexpr std::size_t kLetterSizeMax = 4096;
// From the end of the first process's training to that of the others: enough for one that waits in vain for the first at the
// rendezvous, which trainers give up after 30 s.
constexpr std::chrono::seconds kFollowerPatience(35);

// Letters cross the socket whole: to a follower "<trial> <rendezvous>", from it "<status> <message>", "0 " when ready or done.
bool send_letter(int fd, const std::string& text) {
  ssize_t n;
  while ((n = send(fd, text.data(), std::min(text.size(), kLetterSizeMax), MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  return n >= 0;
}

// Empty when the other side is gone.
std::string receive_letter(int fd) {
  char text[kLetterSizeMax];
  ssize_t n;
  while ((n = recv(fd, text, sizeof text, 0)) < 0 && errno == EINTR) {
  }
  return std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0);
}

template <class T>
std::pair<T, std::string_view> number_and_rest(std::string_view letter) {
  T number{};
  const auto [end, error] = std::from_chars(letter.data(), letter.data() + letter.size(), number);
  const auto used = static_cast<std::size_t>(end - letter.data());
  return {number, letter.substr(std::min(used + 1, letter.size()))};
}

// The one end of this process that comes from its team: a trial that runs counts as crashed, whatever its trainer would say.
[[noreturn]] void end_with(const ExitStatus& status) {
  kill_descendants(getpid());
  if (status.signal != 0) {
    signal(status.signal, SIG_DFL);
    kill(getpid(), status.signal);
    std::this_thread::sleep_for(std::chrono::seconds(1));  // another thread may be the one that it reaches
  }
  _exit(status.code != 0 ? status.code : kWorkerTeamBroken);
}

[[noreturn]] void break_up(const std::string& why) {
  spdlog::error("{}", why);
  end_with({});
}

// A follower's line has closed: the watch is about to end this process.
[[noreturn]] void await_end() {
  for (;;) pause();
}

}  // namespace

struct Followers::Member {
  pid_t pid = 0;
  FileDescriptor line;
};

// Sees a follower end while this process's trainer is busy.
struct Followers::Watch {
  FileDescriptor leave{eventfd(0, EFD_CLOEXEC)};
  std::jthread thread;
};

Followers::Followers() = default;

Followers::~Followers() {
  if (watch_) {
    static_cast<void>(eventfd_write(watch_->leave.get(), 1));
    watch_->thread.join();
  }
  for (const Member& member : members_) {
    kill(member.pid, SIGKILL);
    while (waitpid(member.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (meeting_ >= 0) close(meeting_);
}

Result<std::unique_ptr<Followers>> Followers::start(const std::vector<std::string>& command, std::size_t fd_at,
                                                    std::uint32_t processes) {
  std::unique_ptr<Followers> all(new Followers);
  for (std::uint32_t rank = 1; rank < processes; ++rank) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
      return fail(ErrorKind::system, fmt::format("socketpair: {}", std::strerror(errno)));
    }
    FileDescriptor ours(ends[0]), lower(ends[1]), theirs(fcntl(ends[1], F_DUPFD_CLOEXEC, kLowestLineFd));
    std::vector<std::string> words{"nascent-worker"};
    words.insert(words.end(), command.begin(), command.end());
    words[1 + fd_at] = std::to_string(kLineFd);
    words.insert(words.end(), {std::string(kFollowerRole), std::to_string(rank)});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, theirs.get(), kLineFd);
    pid_t pid = 0;
    const int failed = posix_spawn(&pid, "/proc/self/exe", &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
      return fail(ErrorKind::system, fmt::format("process {} of {} did not start: {}", rank + 1, processes, std::strerror(failed)));
    }
    all->members_.push_back({pid, std::move(ours)});
  }
  all->watch_ = std::make_unique<Watch>();
  all->watch_->thread = std::jthread([&members = all->members_, leave = all->watch_->leave.get()] {
    std::vector<pollfd> lines;
    for (const Member& member : members) lines.push_back({member.line.get(), POLLRDHUP, 0});
    lines.push_back({leave, POLLIN, 0});
    for (;;) {
      if (poll(lines.data(), lines.size(), -1) < 0) continue;
      if (lines.back().revents != 0) return;
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (lines[i].revents == 0) continue;
        int raw = 0;
        if (waitpid(members[i].pid, &raw, 0) != members[i].pid) end_with({});
        const ExitStatus status = WIFSIGNALED(raw) ? ExitStatus{0, WTERMSIG(raw)} : ExitStatus{WEXITSTATUS(raw), 0};
        // One that cannot start has said why itself.
        if (status.code != kWorkerCannotStart) {
          spdlog::error("process {} of {} that train together ended by {}", i + 2, members.size() + 1, to_string(status));
        }
        end_with(status);
      }
    }
  });
  return all;
}

void Followers::wait_until_ready() {
  for (const Member& member : members_) {
    if (receive_letter(member.line.get()).empty()) await_end();
  }
}

std::string Followers::begin(TrialId trial) {
  // An empty file without a name in any folder: nothing of it is left, whatever ends whom.
  if (meeting_ >= 0) close(meeting_);
  meeting_ = memfd_create("nascent-rendezvous", MFD_CLOEXEC);
  const std::string rendezvous = fmt::format("/proc/{}/fd/{}", getpid(), meeting_);
  for (const Member& member : members_) {
    if (!send_letter(member.line.get(), fmt::format("{} {}", trial, rendezvous))) await_end();
  }
  return rendezvous;
}

std::optional<PluginError> Followers::end() {
  std::optional<PluginError> first;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    pollfd line{members_[i].line.get(), POLLIN, 0};
    int ready;
    while ((ready = poll(&line, 1, static_cast<int>(std::chrono::milliseconds(kFollowerPatience).count()))) < 0 && errno == EINTR) {
    }
    if (ready == 0) {
      break_up(fmt::format("process {} of {} did not end its training within {} s of the first", i + 2, processes(), kFollowerPatience.count()));
    }
    const std::string letter = receive_letter(members_[i].line.get());
    if (letter.empty()) await_end();
    const auto [status, message] = number_and_rest<nas_status>(letter);
    if (status == NAS_OK || status == NAS_E_CANCELLED || first) continue;
    PluginError& error = first.emplace();
    error.kind = ErrorKind::plugin;
    error.status = status;
    error.message = fmt::format("process {} of {}: {}", i + 2, processes(), message);
  }
  return first;
}

void Followers::give_up(const std::string& why) { break_up(why); }

int follow(Store& store, StudyId study, TrialRunner& runner, int line, std::uint32_t rank, std::uint32_t processes) {
  // A trainer that is busy or hangs does not keep this process alive.
  std::thread([line] {
    pollfd file{line, POLLRDHUP, 0};
    while (poll(&file, 1, -1) < 0) {
    }
    kill_descendants(getpid());
    _exit(kWorkerOrphaned);
  }).detach();
  send_letter(line, "0 ");
  for (;;) {
    const std::string letter = receive_letter(line);
    if (letter.empty()) return kWorkerOrphaned;
    const auto [id, rendezvous] = number_and_rest<TrialId>(letter);
    const auto trial = store.trial(study, id);
    if (!trial || !*trial) {
      spdlog::error("trial {} cannot be read: {}", id, trial ? "it is not in the store" : trial.error().message);
      return kWorkerGaveUp;
    }
    const auto answer = runner.follow(**trial, {rank, processes, std::string(rendezvous)});
    send_letter(line, answer ? "0 " : fmt::format("{} {}", answer.error().status, answer.error().message));
  }
}

}  // namespace nascent::core
