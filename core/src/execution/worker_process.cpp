#include "worker_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <utility>

#include "nascent/core/config_value.hpp"
#include "nascent/core/store_location.hpp"
#include "descendants.hpp"
#include "orphans.hpp"
#include "resident.hpp"

extern char** environ;

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTailBytesMax = 4096;
// How worker_main() logs what went wrong with a trial and did not end it. What is wrong with the study, the coordinator
// has said itself.
constexpr std::string_view kLevel = "warning ", kTrialWarning = "warning trial=";
constexpr std::size_t kLastWordsMax = 400;
constexpr const char* kMarkVariable = "NASCENT_WORKER_MARK";
constexpr int kDoorbellFd = 3;  // in the worker
constexpr int kLowestFd = 10;   // out of the way of those that spawn() lays down

tl::unexpected<Error> system_error(const std::string& what, int code) {
  return fail(ErrorKind::system, fmt::format("{}: {}", what, std::strerror(code)));
}

// The same file above the numbers that the worker's own files take.
FileDescriptor lifted(int fd) {
  FileDescriptor old(fd);
  return FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, kLowestFd));
}

bool has_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

// Of one worker and whatever it starts: no other process has it.
std::string new_mark() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// This process's environment with what a worker needs; docs/explanation/workers.md says why.
std::vector<std::string> worker_environment(const WorkerCommand& command, const std::string& mark) {
  const std::string n = std::to_string(command.threads);
  std::vector<std::pair<std::string, std::string>> set{{kMarkVariable, mark},
                                                       {kDeviceVariable, to_string(command.device)},
                                                       {kFilesVariable, command.files.string()},
                                                       {"OMP_NUM_THREADS", n},
                                                       {"OPENBLAS_NUM_THREADS", n},
                                                       {"MKL_NUM_THREADS", n},
                                                       {"MALLOC_MMAP_THRESHOLD_", "1073741824"},
                                                       {"MALLOC_TRIM_THRESHOLD_", "1073741824"}};
  if (has_avx512() && std::getenv("ATEN_CPU_CAPABILITY") == nullptr) set.emplace_back("ATEN_CPU_CAPABILITY", "avx512");
  // Arguments are for everybody to see, the environment is not.
  const LocationSecrets secrets = secrets_of(command.store_location);
  if (!secrets.password.empty()) set.emplace_back("PGPASSWORD", secrets.password);
  if (!secrets.ssl_password.empty()) set.emplace_back(kSslPasswordVariable, secrets.ssl_password);
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : set) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : set) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> raw;
  for (std::string& text : texts) raw.push_back(text.data());
  raw.push_back(nullptr);
  return raw;
}

// Spawn's two attribute objects, freed whatever happens.
struct SpawnPlan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

}  // namespace

std::string to_string(const ExitStatus& status) {
  if (status.signal == 0) return fmt::format("exit status {}", status.code);
  const char* name = sigabbrev_np(status.signal);
  return fmt::format("SIG{} ({})", name != nullptr ? name : std::to_string(status.signal), strsignal(status.signal));
}

Result<fs::path> find_worker_program() {
  if (const char* given = secure_getenv("NASCENT_WORKER")) return fs::path(given);
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate : {here / "nascent-worker", here.parent_path() / "libexec/nascent/nascent-worker"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(ErrorKind::system,
              fmt::format("{}: there is no nascent-worker beside this program; install it there, or name "
                          "it in NASCENT_WORKER",
                          (here / "nascent-worker").string()));
}

Result<WorkerProcess> WorkerProcess::spawn(const WorkerCommand& command) {
  int bell[2], out[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bell) != 0) return system_error("socketpair", errno);
  FileDescriptor doorbell = lifted(bell[0]), worker_doorbell = lifted(bell[1]);
  if (pipe2(out, O_CLOEXEC) != 0) return system_error("pipe", errno);
  FileDescriptor output = lifted(out[0]), worker_output = lifted(out[1]);
  fcntl(output.get(), F_SETFL, O_NONBLOCK);

  SpawnPlan plan;
  posix_spawn_file_actions_addopen(&plan.files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&plan.files, worker_output.get(), 1);
  posix_spawn_file_actions_adddup2(&plan.files, worker_output.get(), 2);
  posix_spawn_file_actions_adddup2(&plan.files, worker_doorbell.get(), kDoorbellFd);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> arguments{command.program.string(),
                                     command.store_location,
                                     command.study_name,
                                     command.slot,
                                     std::to_string(kDoorbellFd),
                                     fmt::format("{}", command.lease_seconds),
                                     std::to_string(command.threads),
                                     std::string(command.joined ? kJoined : command.role ? name_of(*command.role) : kEveryRole)};
  if (command.test) arguments.push_back(std::to_string(*command.test));
  const std::string mark = new_mark();
  std::vector<std::string> environment = worker_environment(command, mark);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, command.program.c_str(), &plan.files, &plan.attributes,
                                 pointers(arguments).data(), pointers(environment).data());
  if (failed != 0) return system_error(fmt::format("{}: the worker did not start", command.program.string()), failed);
  return WorkerProcess(pid, worker_name(command.slot, pid), fmt::format("{}={}", kMarkVariable, mark), std::move(doorbell),
                       std::move(output));
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      name_(std::move(other.name_)),
      mark_(std::move(other.mark_)),
      doorbell_(std::move(other.doorbell_)),
      output_(std::move(other.output_)),
      tail_(std::move(other.tail_)),
      line_(std::move(other.line_)) {}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(name_, other.name_);
  std::swap(mark_, other.mark_);
  std::swap(doorbell_, other.doorbell_);
  std::swap(output_, other.output_);
  std::swap(tail_, other.tail_);
  std::swap(line_, other.line_);
  return *this;
}

WorkerProcess::~WorkerProcess() {
  if (pid_ <= 0) return;
  send_signal(SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  kill_processes_with(mark_);
}

void WorkerProcess::read_output() {
  for (;;) {
    char bytes[4096];
    const ssize_t n = ::read(output_.get(), bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) output_ = FileDescriptor();  // closed: poll() would not wait any more
    if (n <= 0) break;
    tail_.append(bytes, static_cast<std::size_t>(n));
    pass_warnings_on({bytes, static_cast<std::size_t>(n)});
    spdlog::debug("worker={} output={}", name_, toml_text(std::string_view(bytes, static_cast<std::size_t>(n))));
  }
  if (const auto mark = tail_.rfind(kTrialMark); mark != std::string::npos) tail_.erase(0, mark + 1);
  if (tail_.size() > kTailBytesMax) tail_.erase(0, tail_.size() - kTailBytesMax);
}

void WorkerProcess::pass_warnings_on(std::string_view output) {
  for (const char c : output) {
    if (c == '\n') {
      if (line_.starts_with(kTrialWarning)) spdlog::warn("{}", line_.substr(kLevel.size()));
      line_.clear();
    } else if (c != kTrialMark && line_.size() < kTailBytesMax) {
      line_ += c;
    }
  }
}

std::vector<Bell> WorkerProcess::hear() {
  Heard heard = core::hear(doorbell_.get());
  if (heard.closed) doorbell_ = FileDescriptor();
  return std::move(heard.bells);
}

std::string WorkerProcess::last_words() const {
  std::string words = tail_.size() > kLastWordsMax ? tail_.substr(tail_.size() - kLastWordsMax) : tail_;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  std::string line;
  for (const char c : words) line += c == '\n' ? std::string(" | ") : std::string(1, c < ' ' && c >= 0 ? ' ' : c);
  return line;
}

std::string WorkerProcess::last_line() const {
  const auto end = tail_.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const auto before = tail_.rfind('\n', end);
  const auto start = before == std::string::npos ? 0 : before + 1;
  return tail_.substr(start, end + 1 - start);
}

void WorkerProcess::send_signal(int signal) const {
  if (pid_ <= 0) return;
  if (signal != SIGKILL) {
    kill(pid_, signal);  // it tells its children
    return;
  }
  kill_descendants(pid_);  // those in groups of their own, while their parents can still be told
  kill(-pid_, SIGKILL);
}

std::uint64_t WorkerProcess::resident_bytes() const {
  std::uint64_t bytes = resident_bytes_of(pid_);
  for (const pid_t descendant : descendants_of(pid_)) bytes += resident_bytes_of(descendant);
  return bytes;
}

std::optional<ExitStatus> WorkerProcess::reap() {
  if (pid_ <= 0) return ExitStatus{};  // reaped before; 0 would mean everybody of this process's own group
  int status = 0;
  const pid_t pid = waitpid(pid_, &status, WNOHANG);
  if (pid == 0) return std::nullopt;
  kill(-pid_, SIGKILL);
  read_output();
  pid_ = 0;
  if (pid > 0 && WIFSIGNALED(status)) {
    kill_processes_with(mark_);  // it had no time to end what it had started
    return ExitStatus{0, WTERMSIG(status)};
  }
  return ExitStatus{pid > 0 ? WEXITSTATUS(status) : 0, 0};
}

std::uint64_t oom_kills() {
  std::ifstream in("/proc/vmstat");
  std::string name;
  for (std::uint64_t count = 0; in >> name >> count;) {
    if (name == "oom_kill") return count;
  }
  return 0;
}

}  // namespace nascent::core
