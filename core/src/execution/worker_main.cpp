#include "nascent/core/worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "attempt_outcome.hpp"
#include "confinement.hpp"
#include "descendants.hpp"
#include "doorbell.hpp"
#include "file_descriptor.hpp"
#include "isolation/isolated.hpp"
#include "leasing.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial_runner.hpp"
#include "orphans.hpp"
#include "stored_files.hpp"
#include "team.hpp"
#include "test_split.hpp"
#include "trial_files.hpp"
#include "wear.hpp"

namespace nascent::core {
namespace {

using std::chrono::milliseconds;

// A bell may be lost with a full pipe; looking this often anyway makes that harmless.
constexpr milliseconds kIdleLook{1000};
constexpr milliseconds kVerdictLook{200};
constexpr std::size_t kFdAmongArguments = 3;  // the doorbell's place behind the program's name
constexpr const char* kOomScore = "500";  // of 1000: the kernel takes a worker before its coordinator

struct WorkerArguments {
  std::string store_location, study_name, slot;
  int doorbell_fd = -1;
  double lease_seconds = 0;
  std::uint32_t threads = 1;
  std::optional<TrialRole> role;  // of the trials to lease; empty: all
  bool joined = false;            // leases what the study's coordinator lets workers take; see leasing.hpp
  std::optional<TrialId> test;  // judge this trial's model on the test split, and end
  std::optional<std::uint32_t> rank;     // one of several that train together, and not the first
  std::vector<std::string> to_followers;  // the beginning of this command line, as it is theirs too
};

template <class T>
bool read_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<WorkerArguments> parse(int argc, const char* const* argv) {
  if (argc != 8 && argc != 9) return std::nullopt;
  WorkerArguments arguments{argv[1], argv[2], argv[3]};
  if (!read_number(argv[4], arguments.doorbell_fd) || !read_number(argv[5], arguments.lease_seconds) ||
      !read_number(argv[6], arguments.threads) || !(arguments.lease_seconds > 0)) {
    return std::nullopt;
  }
  arguments.to_followers.assign(argv + 1, argv + 7);
  if (argc == 9 && argv[7] == kFollowerRole) {
    if (!read_number(argv[8], arguments.rank.emplace())) return std::nullopt;
    return arguments;
  }
  if (std::string_view(argv[7]) == kJoined) {
    arguments.joined = true;
  } else if (std::string_view(argv[7]) != kEveryRole) {
    const auto name = std::ranges::find(kTrialRoleNames, argv[7]);
    if (name == kTrialRoleNames.end()) return std::nullopt;
    arguments.role = static_cast<TrialRole>(name - kTrialRoleNames.begin());
  }
  if (argc == 9 && !read_number(argv[8], arguments.test.emplace())) return std::nullopt;
  return arguments;
}

int told_to_end_fd = -1;  // write end of a pipe; SIGTERM's only way to the threads

extern "C" void on_sigterm(int) {
  const char byte = 0;
  static_cast<void>(!write(told_to_end_fd, &byte, 1));
}

// What the coordinator wants, heard on a thread of its own so that a busy or hanging plugin delays nothing.
class Coordination {
 public:
  // `doorbell` is the coordinator's end of life too: when it closes, this process ends at once.
  static void listen(Coordination& to, int doorbell) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) _exit(kWorkerCannotStart);
    told_to_end_fd = ends[1];
    struct sigaction action {};
    action.sa_handler = &on_sigterm;
    action.sa_flags = SA_RESTART;
    sigaction(SIGTERM, &action, nullptr);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    // Lives as long as the process: nothing joins it, and _exit() ends it.
    std::thread([&to, doorbell, term = ends[0]] { to.hear_all(doorbell, term); }).detach();
  }

  [[nodiscard]] bool interrupted() const { return interrupted_; }
  [[nodiscard]] bool leaving() const { return leaving_ || interrupted_; }
  // How often the bell rang.
  [[nodiscard]] std::uint64_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  // Until the bell has rung more often than `seen`, the store has changed, or `timeout` has passed. One thread at a time.
  void wait(Store& store, std::uint64_t seen, milliseconds timeout) {
    if (count() != seen) return;
    pollfd files[] = {{rung_.get(), POLLIN, 0}, {store.changes_fd(), POLLIN, 0}};  // poll() passes over -1
    poll(files, 2, static_cast<int>(timeout.count()));
    std::uint64_t rung = 0;
    static_cast<void>(!::read(rung_.get(), &rung, sizeof rung));
    if (files[1].revents != 0) static_cast<void>(store.version());
  }

 private:
  void hear_all(int doorbell, int term) {
    for (;;) {
      pollfd files[] = {{doorbell, POLLIN, 0}, {term, POLLIN, 0}};
      if (poll(files, 2, -1) < 0) continue;
      if ((files[1].revents & POLLIN) != 0) {
        char byte;
        static_cast<void>(!::read(term, &byte, 1));
        interrupted_ = true;
      }
      if (files[0].revents != 0) {
        const Heard heard = hear(doorbell);
        for (const Bell bell : heard.bells) {
          if (bell == Bell::leave) leaving_ = true;
        }
        if (heard.closed) {
          kill_descendants(getpid());
          _exit(kWorkerOrphaned);
        }
      }
      const std::lock_guard lock(mutex_);
      ++count_;
      const std::uint64_t once = 1;
      static_cast<void>(!write(rung_.get(), &once, sizeof once));
    }
  }

  std::atomic<bool> interrupted_ = false, leaving_ = false;
  std::mutex mutex_;
  FileDescriptor rung_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable after a ring
  std::uint64_t count_ = 0;  // guarded by mutex_
};

// One attempt: holds its lease by heartbeats, passes reports to the store and waits for verdicts.
class Attempt final : public TrialSession {
 public:
  Attempt(Store& store, const Lease& lease, const WorkerArguments& arguments, Coordination& coordination,
          VerdictWanted verdicts)
      : store_(store),
        lease_(lease),
        arguments_(arguments),
        coordination_(coordination),
        verdicts_(verdicts),
        heart_([this](const std::stop_token& stop) { beat(stop); }) {}

  Result<Verdict> report(const Report& report) override {
    const auto receipt = store_.report(lease_, report, verdicts_);
    if (!receipt) return tl::unexpected<Error>(receipt.error());
    if (receipt->state == LeaseState::lost) return lose();
    if (verdicts_ == VerdictWanted::no) return Verdict::proceed;
    ring(arguments_.doorbell_fd, Bell::reported);
    for (;;) {
      const std::uint64_t seen = coordination_.count();
      const auto verdict = store_.verdict(lease_, receipt->number);
      if (!verdict) return tl::unexpected<Error>(verdict.error());
      if (*verdict) return **verdict;
      if (cancelled()) return fail(ErrorKind::interrupted, "stopped while it waited for a verdict");
      coordination_.wait(store_, seen, kVerdictLook);
    }
  }

  Result<void> repeat(const Report& report) override {
    const auto receipt = store_.report(lease_, report, VerdictWanted::no);
    if (!receipt) return tl::unexpected<Error>(receipt.error());
    if (receipt->state == LeaseState::lost) return tl::unexpected<Error>(lose().value());
    return {};
  }

  [[nodiscard]] bool cancelled() const override { return lost_ || coordination_.interrupted(); }

 private:
  tl::unexpected<Error> lose() {
    lost_ = true;
    return fail(ErrorKind::interrupted, "the attempt was given to somebody else");
  }

  void beat(const std::stop_token& stop) {
    const std::chrono::duration<double> pause(arguments_.lease_seconds / 3);
    std::unique_lock lock(heart_mutex_);
    while (!heart_stopped_.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      const auto state = store_.heartbeat(lease_, arguments_.lease_seconds);
      if (state && *state == LeaseState::lost) lost_ = true;
    }
  }

  Store& store_;
  Lease lease_;
  const WorkerArguments& arguments_;
  Coordination& coordination_;
  VerdictWanted verdicts_;
  std::atomic<bool> lost_ = false;
  std::mutex heart_mutex_;
  std::condition_variable_any heart_stopped_;
  std::jthread heart_;  // last: it uses all of the above
};

int say(const Error& error, int status) {
  spdlog::error("worker=stopping error={}", toml_text(error.message));
  return status;
}

// What the coordinator has leased to this worker.
Device leased_device() {
  const char* given = std::getenv(kDeviceVariable);
  return given == nullptr ? Device{} : parse_device(given).value_or(Device{});
}

// Ends this process so that the trial has its next attempt in another; its message goes to the coordinator as the last line.
int leave_to_retry(const Trial& trial) {
  std::string line = trial.message;
  std::ranges::replace(line, '\n', ' ');
  fmt::print(stderr, "\n{}{}\n", kFailureMark, line);
  return kWorkerTrialFailed + static_cast<int>(trial.reason);
}

// Everything a worker creates once.
struct Bench {
  std::unique_ptr<Store> store;
  StudyId study = 0;
  VerdictWanted verdicts = VerdictWanted::no;
  std::uint32_t processes = 1;  // that train a trial together
  std::unique_ptr<Followers> followers;  // none where this is the only one of them, or not the first
  std::unique_ptr<TrialRunner> runner;
  WorkerConfig limits;
  std::optional<StoredFiles> files;  // where they travel through the store
  std::optional<Wear> wear;
  std::filesystem::path temporary;  // of the trials of a confined worker, else ""
};

std::filesystem::path files_folder(const Bench& bench, const WorkerArguments& arguments) {
  return artifacts_folder(arguments.store_location, arguments.study_name, bench.limits.artifacts);
}

// From here on plugins write only where a worker has to.
Result<void> enter_confinement(Bench& bench, const WorkerArguments& arguments) {
  if (!bench.limits.confine || arguments.rank) return {};  // followers are confined as their leader is
  std::error_code error;
  Writable writable;
  writable.artifacts = std::filesystem::absolute(files_folder(bench, arguments), error);
  bench.temporary = writable.artifacts.empty() ? std::filesystem::temp_directory_path(error) / fmt::format("nascent-worker-{}", getpid())
                                               : writable.artifacts / fmt::format("temporary-{}", arguments.slot);
  writable.temporary = bench.temporary;
  writable.store = arguments.store_location;
  writable.others = bench.limits.writable;
  return confine(writable);
}

Result<Bench> set_up(const WorkerArguments& arguments) {
  Bench bench;
  auto store = Store::open(arguments.store_location, OpenMode::must_exist);
  if (!store) return tl::unexpected<Error>(store.error());
  bench.store = std::move(*store);
  const auto record = bench.store->study(arguments.study_name);
  if (!record) return tl::unexpected<Error>(record.error());
  if (!*record) {
    return fail(ErrorKind::store,
                fmt::format("{}: there is no study \"{}\"", arguments.store_location, arguments.study_name));
  }
  bench.study = (*record)->id;
  auto config = parse_study((*record)->resolved_config, fmt::format("study {}", arguments.study_name), "/");
  if (!config) return tl::unexpected<Error>(config.error());
  bench.limits = config->workers;
  if (const char* own = std::getenv(kFilesVariable); own != nullptr && *own != '\0') {
    bench.limits.artifacts = own;
    bench.files.emplace(*bench.store, files_folder(bench, arguments), bench.limits.artifact_bytes_max);
    TrialFiles::let_others_inherit(files_folder(bench, arguments));  // whether anybody does, only the coordinator knows
  }
  if (auto confined = enter_confinement(bench, arguments); !confined) return tl::unexpected<Error>(confined.error());
  auto catalog = PluginCatalog::discover({config->plugins.path, config->plugins.allow, {}});
  if (!catalog) return tl::unexpected<Error>(catalog.error());
  const auto study = resolve_study(std::move(*config), *catalog);
  if (!study) return tl::unexpected<Error>(study.error());
  bench.verdicts = study->scheduler ? VerdictWanted::yes : VerdictWanted::no;
  bench.processes = training_processes(*study);
  if (bench.processes > 1 && !arguments.rank && !arguments.test) {
    auto followers = Followers::start(arguments.to_followers, kFdAmongArguments, bench.processes);
    if (!followers) return tl::unexpected<Error>(followers.error());
    bench.followers = std::move(*followers);
  }
  auto runner = component_runner(*catalog, *study, files_folder(bench, arguments), arguments.threads, leased_device());
  if (!runner) return tl::unexpected<Error>(runner.error());
  bench.runner = std::move(*runner);
  if (bench.followers) {
    bench.followers->wait_until_ready();
    bench.runner->lead(*bench.followers);
  }
  bench.wear.emplace(bench.limits);
  return bench;
}

// Runs trials until told to leave. The exit status.
int work(Bench& bench, const WorkerArguments& arguments, Coordination& coordination) {
  const std::string name = worker_name(arguments.slot, getpid());
  Leasing leasing(*bench.store, bench.study);
  ring(arguments.doorbell_fd, Bell::ready);
  while (!coordination.leaving()) {
    const std::uint64_t seen = coordination.count();
    auto leased = arguments.joined ? leasing.lease(name, arguments.lease_seconds)
                                   : bench.store->lease(bench.study, name, arguments.lease_seconds, arguments.role);
    if (!leased) return say(leased.error(), kWorkerGaveUp);
    if (!*leased) {
      coordination.wait(*bench.store, seen, kIdleLook);
      continue;
    }
    ring(arguments.doorbell_fd, Bell::busy);
    static_cast<void>(!write(STDERR_FILENO, &kTrialMark, 1));
    auto& [lease, trial] = **leased;
    Attempt attempt(*bench.store, lease, arguments, coordination, bench.verdicts);
    if (auto fetched = bench.files ? bench.files->fetch(bench.study, trial) : Result<void>{}; !fetched) {
      return say(fetched.error(), kWorkerGaveUp);
    }
    const auto end = bench.runner->run(trial, attempt);
    const auto kept = bench.files ? bench.files->keep(lease) : Result<bool>(true);
    // Whoever started this process queues the trial again when it is gone.
    if (attempt.cancelled() && (!end || *end == AttemptEnd::cancelled)) return kWorkerInterrupted;
    if (!end) return say(end.error(), kWorkerGaveUp);
    if (!kept) return say(kept.error(), kWorkerGaveUp);
    if (!*kept) trial.artifact_dir.clear();
    if (trial.state == TrialState::failed) {
      const auto again = is_tried_again(*bench.store, bench.study, trial.id, trial.reason, bench.limits.retries);
      if (!again) return say(again.error(), kWorkerGaveUp);
      if (*again) return leave_to_retry(trial);
    }
    const auto state = bench.store->finish(lease, trial);
    if (!state) return say(state.error(), kWorkerGaveUp);
    ring(arguments.doorbell_fd, Bell::idle);
    if (bench.files && trial.finished()) bench.files->forget(trial.id);
    if (!bench.temporary.empty()) clear_temporary(bench.temporary);
    if (const std::string worn = bench.wear->after_trial(); !worn.empty()) {
      fmt::print(stderr, "\n{}\n", worn);
      return kWorkerWorn;
    }
  }
  return coordination.interrupted() ? kWorkerInterrupted : kWorkerLeft;
}

}  // namespace

int worker_main(int argc, const char* const* argv) {
  if (int socket = -1; argc == 3 && argv[1] == kComponentRole && read_number(argv[2], socket)) return isolation::component_main(socket);
  const auto arguments = parse(argc, argv);
  if (!arguments) {
    spdlog::error("nascent-worker is started by a search and by nobody else; see `nascent run --help`");
    return kWorkerCannotStart;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("worker"));
  spdlog::set_pattern("%l %v");
  // A coordinator killed between spawn and here is noticed through the doorbell.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  fcntl(arguments->doorbell_fd, F_SETFD, FD_CLOEXEC);
  std::ofstream("/proc/self/oom_score_adj") << kOomScore;

  if (arguments->rank) {
    // Its leader alone decides when it ends.
    for (const int ignored : {SIGTERM, SIGINT, SIGPIPE}) signal(ignored, SIG_IGN);
    const auto bench = set_up(*arguments);
    if (!bench) return say(bench.error(), kWorkerCannotStart);
    prctl(PR_SET_PDEATHSIG, 0);  // from here on its line tells
    return follow(*bench->store, bench->study, *bench->runner, arguments->doorbell_fd, *arguments->rank, bench->processes);
  }

  static auto& coordination = *new Coordination;  // never destroyed: its thread lives to the end of the process
  Coordination::listen(coordination, arguments->doorbell_fd);
  prctl(PR_SET_PDEATHSIG, 0);  // from here on the doorbell tells, and there is time to take along what was started
  auto bench = set_up(*arguments);
  if (!bench) return say(bench.error(), kWorkerCannotStart);
  if (arguments->test) {
    const auto metrics = evaluate_test_once(*bench->store, bench->study, *arguments->test,
                                            [&](const Trial& trial) { return bench->runner->evaluate_test(trial); });
    return metrics ? kWorkerLeft : say(metrics.error(), kWorkerCannotStart);
  }
  const int status = work(*bench, *arguments, coordination);
  std::error_code ignored;
  if (!bench->temporary.empty()) std::filesystem::remove_all(bench->temporary, ignored);
  spdlog::shutdown();
  return status;
}

}  // namespace nascent::core
