// Trials in worker processes: who is alive, who takes too long, what becomes of an attempt whose worker ended.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include "attempt_outcome.hpp"
#include "confinement.hpp"
#include "disk_usage.hpp"
#include "failure_rate.hpp"
#include "first_failures.hpp"
#include "leasing.hpp"
#include "nascent/core/executor.hpp"
#include "orphans.hpp"
#include "silence.hpp"
#include "stored_files.hpp"
#include "test_split.hpp"
#include "worker_slot.hpp"

namespace nascent::core {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLook{50};        // between two looks at limits
constexpr milliseconds kStoreLook{500};  // in case a bell was lost
constexpr milliseconds kLeaseLook{1000};
constexpr int kStartFailuresMax = 3;  // in a row, of any workers

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

class WorkersExecutor final : public Executor {
 public:
  WorkersExecutor(Store& store, const Coordinator& coordinator, WorkersSetup setup, DecideVerdict decide)
      : store_(store),
        coordinator_(coordinator),
        setup_(std::move(setup)),
        decide_(std::move(decide)),
        silence_(setup_.lease_seconds),
        failure_rate_(setup_.config.failure_rate_max) {}

  Result<void> start() override;
  Result<void> submit(const Trial& queued) override;
  Result<std::vector<Trial>> next(milliseconds timeout) override;
  [[nodiscard]] std::size_t capacity() const override { return stopping_ ? 0 : setup_.config.count; }
  [[nodiscard]] std::vector<RunningTrial> running() const override;
  void stop(StopMode mode) override;
  Result<std::vector<Metric>> evaluate_test(TrialId trial) override;
  [[nodiscard]] bool needs_queued_rows() const override { return true; }

 private:
  [[nodiscard]] bool any_alive() const {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.process.has_value(); });
  }
  // Does a worker that came from elsewhere hold a trial?
  bool any_joined();
  Result<void> stop_joined(StopMode mode);
  Result<void> spawn(Slot& slot);
  // What all workers of this executor have in common.
  [[nodiscard]] WorkerCommand command(std::string slot, const Device& device) const;
  void ring_all(Bell bell);

  // One turn: waits up to `timeout` for a worker to ring, write or end, then does everything that is due.
  Result<void> turn(milliseconds timeout);
  void wait(milliseconds timeout);
  Result<void> attend(Slot& slot);
  void check_limits(Slot& slot);
  void doom(Slot& slot, Doom why);
  Result<void> look_into_store();
  void hand_out(Trial trial);
  Result<void> give_verdicts();
  Result<void> check_leases();
  Result<void> check_joined();
  Result<void> bury(Slot& slot, const ExitStatus& status);
  Result<void> settle(const Slot& slot, const ExitStatus& status);
  Result<void> give_up(const LeaseRecord& record, FailureReason reason, const std::string& message);
  Result<void> interrupt(const LeaseRecord& record);

  Store& store_;
  Coordinator coordinator_;
  WorkersSetup setup_;
  DecideVerdict decide_;
  Silence silence_;
  std::vector<Slot> slots_;
  std::thread::id owner_;

  std::unordered_set<TrialId> submitted_;  // and not yet handed out
  std::vector<Trial> done_;                // not yet handed out
  std::uint64_t cursor_ = 0;
  std::vector<Lease> missing_;  // their workers are gone since the last look
  FirstFailures first_failures_;
  FailureRate failure_rate_;
  int start_failures_ = 0;
  std::optional<Error> fatal_;

  bool store_due_ = true;
  std::uint64_t store_version_ = 0;
  Clock::time_point store_look_{}, lease_look_{};
  bool stopping_ = false;
  std::atomic<int> wish_ = -1;  // a StopMode from another thread
};

Result<void> WorkersExecutor::start() {
  if (owner_ != std::thread::id()) return {};
  owner_ = std::this_thread::get_id();
  if (setup_.worker_program.empty()) {
    auto program = find_worker_program();
    if (!program) return tl::unexpected<Error>(program.error());
    setup_.worker_program = std::move(*program);
  }
  const Takeable takeable = setup_.role == TrialRole::final ? Takeable::final : Takeable::all;
  if (auto let = let_workers_take(store_, coordinator_.study, takeable); !let) return let;
  if (auto queued = requeue_orphans(store_, coordinator_, setup_.role); !queued) return queued;
  if (auto watched = first_failures_.start(store_, coordinator_.study); !watched) return watched;
  if (const std::string missing = setup_.config.confine ? confinement_missing() : ""; !missing.empty()) {
    spdlog::warn("workers.confine=true state=not_enforced reason={}", toml_text(missing));
  }
  const auto tally = store_.tally(coordinator_.study);
  if (!tally) return tl::unexpected<Error>(tally.error());
  cursor_ = tally->landed;
  slots_.resize(setup_.config.count);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].name = std::to_string(i + 1);
    slots_[i].device = setup_.config.device_of(i);
    if (auto spawned = spawn(slots_[i]); !spawned) return spawned;
  }
  return {};
}

WorkerCommand WorkersExecutor::command(std::string slot, const Device& device) const {
  WorkerCommand command;
  command.program = setup_.worker_program;
  command.store_location = setup_.store_location;
  command.study_name = setup_.study_name;
  command.slot = std::move(slot);
  command.lease_seconds = setup_.lease_seconds;
  command.threads = setup_.threads;
  command.device = device;
  if (setup_.files_in_store) command.files = setup_.config.artifacts;
  return command;
}

Result<void> WorkersExecutor::spawn(Slot& slot) {
  WorkerCommand given = command(slot.name, slot.device);
  given.role = setup_.role;
  auto process = WorkerProcess::spawn(given);
  if (!process) return tl::unexpected<Error>(process.error());
  Slot fresh;
  fresh.name = std::move(slot.name);
  fresh.device = slot.device;
  slot = std::move(fresh);
  slot.process = std::move(*process);
  slot.oom_kills_before = oom_kills();
  spdlog::debug("worker={} state=started", slot.process->name());
  return {};
}

void WorkersExecutor::ring_all(Bell bell) {
  for (const Slot& slot : slots_) {
    if (slot.process) slot.process->ring(bell);
  }
}

Result<void> WorkersExecutor::submit(const Trial& queued) {
  // A resumed study's queue is older than this run: a worker may have taken the trial, and even finished it, already.
  auto row = store_.trial(coordinator_.study, queued.id);
  if (!row) return tl::unexpected<Error>(row.error());
  if (*row && ((*row)->finished() || (*row)->state == TrialState::paused)) {
    hand_out(std::move(**row));
    return {};
  }
  submitted_.insert(queued.id);
  store_due_ = true;  // its report may be waiting
  for (const Slot& slot : slots_) {
    if (slot.process && !slot.busy_since) slot.process->ring(Bell::look);
  }
  return {};
}

Result<std::vector<Trial>> WorkersExecutor::next(milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  for (;;) {
    if (const int wish = wish_.exchange(-1); wish >= 0) stop(static_cast<StopMode>(wish));
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    const bool wait_on = done_.empty() && !submitted_.empty() && !stopping_ && left > milliseconds(0);
    if (auto turned = turn(wait_on ? std::min(left, kLook) : milliseconds(0)); !turned) {
      return tl::unexpected<Error>(turned.error());
    }
    if (!done_.empty() || !wait_on) break;
  }
  if (done_.empty() && fatal_) return tl::unexpected<Error>(*fatal_);
  return std::exchange(done_, {});
}

Result<void> WorkersExecutor::turn(milliseconds timeout) {
  if (fatal_) return {};
  wait(timeout);
  for (Slot& slot : slots_) {
    if (!slot.process) continue;
    if (auto attended = attend(slot); !attended) return attended;
    if (!slot.process) continue;
    check_limits(slot);
    const auto too_much = fills_the_disk(slot, store_, coordinator_.study, setup_);
    if (!too_much) return tl::unexpected<Error>(too_much.error());
    if (*too_much) doom(slot, Doom::out_of_disk);
  }
  if (const auto now = Clock::now(); now - store_look_ >= kStoreLook) {
    store_look_ = now;
    const auto version = store_.version();
    if (!version) return tl::unexpected<Error>(version.error());
    store_due_ = store_due_ || *version != store_version_;
    store_version_ = *version;
  }
  if (std::exchange(store_due_, false)) {
    if (auto looked = look_into_store(); !looked) return looked;
    if (auto given = give_verdicts(); !given) return given;
  }
  if (const auto now = Clock::now(); now - lease_look_ >= kLeaseLook) {
    lease_look_ = now;
    return check_leases();
  }
  return {};
}

void WorkersExecutor::wait(milliseconds timeout) {
  std::vector<pollfd> files;
  for (const Slot& slot : slots_) {
    if (!slot.process) continue;
    files.push_back({slot.process->doorbell_fd(), POLLIN, 0});
    files.push_back({slot.process->output_fd(), POLLIN, 0});
  }
  files.push_back({store_.changes_fd(), POLLIN, 0});  // poll() passes over -1
  poll(files.data(), files.size(), static_cast<int>(timeout.count()));
  if (files.back().revents != 0) store_look_ = {};
}

Result<void> WorkersExecutor::attend(Slot& slot) {
  slot.process->read_output();
  for (const Bell bell : slot.process->hear()) {
    switch (bell) {
      case Bell::ready:
        slot.ready = true;
        break;
      case Bell::busy:
        start_failures_ = 0;
        slot.busy_since = Clock::now();
        slot.resident_bytes_max = 0;
        slot.trial.reset();
        break;
      case Bell::idle:
        slot.busy_since.reset();
        store_due_ = true;
        break;
      case Bell::reported:
        store_due_ = true;
        break;
      default:
        break;
    }
  }
  if (const auto status = slot.process->reap()) return bury(slot, *status);
  return {};
}

void WorkersExecutor::check_limits(Slot& slot) {
  const auto now = Clock::now();
  if (slot.kill_at && now >= *slot.kill_at) {
    slot.process->send_signal(SIGKILL);
    slot.kill_at.reset();
  }
  if (slot.doom != Doom::none || !slot.busy_since) return;
  const WorkerConfig& limits = setup_.config;
  if (limits.trial_seconds_max && now - *slot.busy_since > nanoseconds_of(*limits.trial_seconds_max)) {
    return doom(slot, Doom::timed_out);
  }
  if (const auto memory_bytes_max = limits.memory_limit()) {
    slot.resident_bytes_max = std::max(slot.resident_bytes_max, slot.process->resident_bytes());
    if (slot.resident_bytes_max > *memory_bytes_max) doom(slot, Doom::out_of_memory);
  }
}

// What the trial has written so far; a trial that ends is measured by its worker once more.
void WorkersExecutor::doom(Slot& slot, Doom why) {
  slot.doom = why;
  if (why == Doom::out_of_memory || why == Doom::out_of_disk || why == Doom::lost) {
    slot.process->send_signal(SIGKILL);
  } else if (why == Doom::left) {
    slot.process->ring(Bell::leave);
  } else {
    slot.process->send_signal(SIGTERM);
    slot.kill_at = Clock::now() + nanoseconds_of(setup_.stop_grace_seconds);
  }
}

Result<void> WorkersExecutor::look_into_store() {
  auto finished = store_.finished_since(coordinator_.study, cursor_);
  if (!finished) return tl::unexpected<Error>(finished.error());
  cursor_ = finished->cursor;
  for (Trial& trial : finished->trials) {
    if (submitted_.erase(trial.id) != 0) hand_out(std::move(trial));
  }
  return {};
}

void WorkersExecutor::hand_out(Trial trial) {
  first_failures_.see(trial);
  failure_rate_.see(trial);
  for (const auto& verdict : {first_failures_.verdict(), failure_rate_.verdict()}) {
    if (verdict && !fatal_ && !stopping_) fatal_ = *verdict;
  }
  done_.push_back(std::move(trial));
}

Result<void> WorkersExecutor::give_verdicts() {
  const auto waiting = store_.reports_awaiting_verdict(coordinator_.study);
  if (!waiting) return tl::unexpected<Error>(waiting.error());
  std::vector<GivenVerdict> given;
  for (const ReportRecord& asked : *waiting) {
    // Whoever decides knows what a trial may be compared with only once the trial was submitted.
    if (!submitted_.contains(asked.trial)) continue;
    Verdict verdict = Verdict::proceed;
    if (decide_) {
      const auto records = store_.reports(coordinator_.study, asked.trial);
      if (!records) return tl::unexpected<Error>(records.error());
      std::vector<Report> reports;
      for (const ReportRecord& record : *records) {
        if (record.attempt == asked.attempt && record.number <= asked.number) reports.push_back(record.report);
      }
      verdict = decide_(asked.trial, reports);
    }
    given.push_back({asked, verdict});
  }
  if (auto set = store_.set_verdicts(coordinator_, given); !set) return set;
  if (!waiting->empty()) ring_all(Bell::look);
  return {};
}

// A worker that is silent for too long is lost, whatever its process looks like.
Result<void> WorkersExecutor::check_leases() {
  const auto open = store_.open_leases(coordinator_.study);
  if (!open) return tl::unexpected<Error>(open.error());
  for (const LeaseRecord& record : silence_.longer_than_a_lease(*open, Clock::now())) {
    const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& candidate) {
      return candidate.process && candidate.process->name() == record.worker;
    });
    if (slot != slots_.end()) {
      if (slot->doom == Doom::none) doom(*slot, Doom::lost);
      continue;
    }
    const std::string message = fmt::format("worker {} was silent for {} s", record.worker, setup_.lease_seconds);
    if (auto ended = give_up(record, FailureReason::lost, message); !ended) return ended;
  }
  return check_joined();
}

// Those of this machine need not be waited for. Who was missing at the last look already has nobody left that would say how it
// ended.
Result<void> WorkersExecutor::check_joined() {
  const auto open = store_.open_leases(coordinator_.study);
  if (!open) return tl::unexpected<Error>(open.error());
  std::vector<Lease> missing;
  for (const LeaseRecord& record : *open) {
    if (!has_joined(record.worker) || !is_gone(record.worker)) continue;
    if (std::ranges::find(missing_, record.lease) == missing_.end()) {
      missing.push_back(record.lease);
      continue;
    }
    const std::string message = fmt::format("worker {} is gone", record.worker);
    if (auto ended = give_up(record, FailureReason::lost, message); !ended) return ended;
  }
  missing_ = std::move(missing);
  return {};
}

Result<void> WorkersExecutor::bury(Slot& slot, const ExitStatus& status) {
  spdlog::debug("worker={} state=ended by={}", slot.process->name(), toml_text(to_string(status)));
  auto settled = settle(slot, status);
  store_due_ = true;
  slot.process.reset();
  slot.busy_since.reset();
  if (!settled || stopping_ || fatal_) return settled;
  return spawn(slot);
}

// The trial that the worker held gets an outcome or another attempt. A worker that ends without one has not done what it is
// for; some such in a row, and no other would.
Result<void> WorkersExecutor::settle(const Slot& slot, const ExitStatus& status) {
  const auto open = store_.open_leases(coordinator_.study);
  if (!open) return tl::unexpected<Error>(open.error());
  const auto held = std::find_if(open->begin(), open->end(),
                                 [&](const LeaseRecord& record) { return record.worker == slot.process->name(); });
  const bool interrupted = status.signal == 0 && status.code == kWorkerInterrupted;
  if (held != open->end()) {
    if (slot.doom == Doom::out_of_disk) remove_files(held->lease.trial, setup_);
    // One that was interrupted has done so by itself.
    if (auto kept = interrupted ? Result<void>{} : keep_files(store_, held->lease, setup_); !kept) return kept;
    if (slot.doom == Doom::cancelled || (interrupted && slot.doom == Doom::none)) return interrupt(*held);
    const auto [reason, message] = cause_of_end(slot, status, setup_);
    return give_up(*held, reason, message);
  }
  if (status.signal == 0 && status.code == kWorkerWorn) {
    spdlog::info("worker={} state=replaced reason={}", slot.process->name(), toml_text(slot.process->last_line()));
    return {};
  }
  if (stopping_ || interrupted || slot.doom != Doom::none) return {};
  const bool hopeless = !slot.ready && status.signal == 0 && status.code == kWorkerCannotStart;
  const bool killed = status.signal == SIGKILL && oom_kills() == slot.oom_kills_before;  // by a person: no failure
  if (!killed) ++start_failures_;
  if (start_failures_ >= kStartFailuresMax || hopeless) {
    fatal_ = Error{ErrorKind::plugin, fmt::format("workers cannot {} ({}): {}", slot.ready ? "take a trial" : "start",
                                                  to_string(status), slot.process->last_line())};
  }
  return {};
}

Result<void> WorkersExecutor::interrupt(const LeaseRecord& record) {
  const auto state = store_.requeue(coordinator_, record.lease, FailureReason::none, "interrupted");
  if (!state) return tl::unexpected<Error>(state.error());
  ring_all(Bell::look);
  return {};
}

Result<void> WorkersExecutor::give_up(const LeaseRecord& record, FailureReason reason, const std::string& message) {
  const auto fate = end_attempt(store_, coordinator_, record, reason, message, setup_.config.retries);
  if (!fate) return tl::unexpected<Error>(fate.error());
  store_due_ = true;
  if (*fate == TrialFate::queued) ring_all(Bell::look);
  return {};
}

std::vector<RunningTrial> WorkersExecutor::running() const {
  std::vector<RunningTrial> trials;
  const auto open = store_.open_leases(coordinator_.study);
  if (!open) return trials;
  for (const LeaseRecord& record : *open) {
    RunningTrial& trial = trials.emplace_back();
    trial.id = record.lease.trial;
    const auto at = record.worker.find('@');
    trial.worker = has_joined(record.worker) ? record.worker.substr(at + 1) : record.worker.substr(0, at);
    trial.started_at = record.leased_at;
    const auto reports = store_.reports(coordinator_.study, record.lease.trial);
    if (!reports || reports->empty()) continue;
    trial.budget_spent = reports->back().report.budget;
    trial.metrics = reports->back().report.metrics;
  }
  return trials;
}

bool WorkersExecutor::any_joined() {
  const auto open = store_.open_leases(coordinator_.study);
  return open && std::ranges::any_of(*open, [](const LeaseRecord& record) { return has_joined(record.worker); });
}

// They take nothing more; with `cancel` they lose what they have.
Result<void> WorkersExecutor::stop_joined(StopMode mode) {
  if (auto let = let_workers_take(store_, coordinator_.study, Takeable::none); !let) return let;
  if (mode != StopMode::cancel) return {};
  const auto open = store_.open_leases(coordinator_.study);
  if (!open) return tl::unexpected<Error>(open.error());
  for (const LeaseRecord& record : *open) {
    if (!has_joined(record.worker)) continue;
    if (auto given_back = interrupt(record); !given_back) return given_back;
  }
  return {};
}

void WorkersExecutor::stop(StopMode mode) {
  if (owner_ != std::thread::id() && std::this_thread::get_id() != owner_) {
    wish_ = static_cast<int>(mode);
    return;
  }
  stopping_ = true;
  fatal_.reset();
  if (auto kept = stop_joined(mode); !kept) spdlog::error("workers=stopping error={}", toml_text(kept.error().message));
  for (Slot& slot : slots_) {
    if (slot.process) doom(slot, mode == StopMode::cancel ? Doom::cancelled : Doom::left);
  }
  while (any_alive() || any_joined()) {
    if (const int wish = wish_.exchange(-1); wish == static_cast<int>(StopMode::cancel)) return stop(StopMode::cancel);
    if (auto turned = turn(kLook); !turned) {
      spdlog::error("workers=stopping error={}", toml_text(turned.error().message));
      slots_.clear();  // kills what is left; a resumed study queues its trials again
      break;
    }
  }
  store_due_ = true;
}

// A worker of its own does it: the trainer's libraries stay out of the coordinator.
Result<std::vector<Metric>> WorkersExecutor::evaluate_test(TrialId trial) {
  auto known = test_metrics(store_, coordinator_.study, trial);
  if (!known) return tl::unexpected<Error>(known.error());
  if (*known) return std::move(**known);
  WorkerCommand given = command("test", setup_.config.device_of(0));
  given.test = trial;
  auto process = WorkerProcess::spawn(given);
  if (!process) return tl::unexpected<Error>(process.error());
  std::optional<ExitStatus> ended;
  while (!(ended = process->reap())) {
    pollfd files[] = {{process->doorbell_fd(), POLLIN, 0}, {process->output_fd(), POLLIN, 0}};
    poll(files, 2, static_cast<int>(kLook.count()));
    process->read_output();
    if (wish_.load() >= 0) return fail(ErrorKind::interrupted, "stopped before the test split was evaluated");
  }
  known = test_metrics(store_, coordinator_.study, trial);
  if (!known) return tl::unexpected<Error>(known.error());
  if (*known) return std::move(**known);
  return fail(ErrorKind::plugin,
              fmt::format("the test split was not evaluated ({}): {}", to_string(*ended), process->last_line()));
}

}  // namespace

std::unique_ptr<Executor> workers_executor(Store& store, const Coordinator& coordinator, WorkersSetup setup,
                                           DecideVerdict decide) {
  return std::make_unique<WorkersExecutor>(store, coordinator, std::move(setup), std::move(decide));
}

}  // namespace nascent::core
