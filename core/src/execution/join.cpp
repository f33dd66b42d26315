#include "nascent/core/join.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "attempt_outcome.hpp"
#include "nascent/core/nearest.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/store_location.hpp"
#include "nascent/core/trial_runner.hpp"
#include "nascent/core/version.hpp"
#include "orphans.hpp"
#include "stored_files.hpp"
#include "temporary_folder.hpp"
#include "worker_slot.hpp"

namespace nascent::core {
namespace {

using JoinClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kJoinLook{100};    // between two looks at limits
constexpr std::chrono::milliseconds kStudyLook{1000};  // whether it goes on
constexpr std::chrono::milliseconds kNoStudyLook{200};
constexpr int kBadStartsMax = 3;  // in a row

bool longer_than(JoinClock::time_point since, double seconds) {
  return std::chrono::duration<double>(JoinClock::now() - since).count() > seconds;
}

// What the study was begun with has to be here; other builds of it, and another nascent, are worth a warning.
Result<void> check_components(const StudyRecord& record, const StudyConfig& config) {
  if (record.nascent_version != version()) {
    spdlog::warn("study={} nascent={} here={} reason=\"the study began with another nascent; results may differ\"", toml_key(record.name),
                 record.nascent_version, version());
  }
  auto catalog = PluginCatalog::discover({config.plugins.path, config.plugins.allow, {}});
  if (!catalog) return tl::unexpected<Error>(catalog.error());
  const auto study = resolve_study(config, *catalog);
  if (!study) return tl::unexpected<Error>(study.error().within("this machine cannot run study " + record.name));
  const auto here = plugin_records(*study);
  for (const PluginRecord& wanted : record.plugins) {
    const auto found = std::ranges::find_if(
        here, [&](const PluginRecord& plugin) { return plugin.kind == wanted.kind && plugin.id == wanted.id; });
    if (found == here.end() || found->version != wanted.version) {
      return fail(ErrorKind::plugin,
                  fmt::format("study {} uses {} {} {}; this machine has {}: install that version here, or name its folder in "
                              "NASCENT_PLUGIN_PATH",
                              record.name, wanted.kind, wanted.id, wanted.version,
                              found == here.end() ? "none" : "version " + found->version));
    }
    if (found->sha256 != wanted.sha256) {
      spdlog::warn("study={} component={} version={} reason=\"its file is another one than where the study began; results may "
                   "differ\"",
                   toml_key(record.name), wanted.alias, wanted.version);
    }
  }
  return {};
}

class JoinedWorker {
 public:
  JoinedWorker(const JoinSetup& setup, const StopRequest& stop) : given_(setup), stop_(stop) {}
  Result<JoinResult> run();

 private:
  // The study once it runs; empty when it does not within the time, or is over.
  Result<std::optional<StudyRecord>> await_study();
  // `names`: of the studies that the store holds.
  [[nodiscard]] tl::unexpected<Error> no_study(const std::vector<std::string>& names) const;
  Result<void> look_for_store();
  Result<void> spawn();
  Result<void> turn();
  void listen();
  Result<void> check_limits();
  void end_worker(Doom why);
  void leave(std::string reason);
  Result<void> look_at_study();
  Result<void> bury(const ExitStatus& status);

  const JoinSetup& given_;
  const StopRequest& stop_;
  std::unique_ptr<Store> store_;
  StudyId study_ = 0;
  WorkersSetup setup_;  // as the coordinator's own workers have it
  std::optional<TemporaryFolder> files_;  // of trials, where they travel through the store
  Slot slot_;
  int bad_starts_ = 0;
  JoinClock::time_point idle_since_ = JoinClock::now(), study_look_{};
  std::optional<JoinClock::time_point> stopped_since_;
  bool leaving_ = false;
  JoinResult result_;
};

Result<void> JoinedWorker::look_for_store() {
  // In a database that is still empty it makes the tables, and waits for the study as anywhere.
  auto store = Store::open(given_.store_location, is_url(given_.store_location) ? OpenMode::create_or_open : OpenMode::must_exist);
  if (!store) return tl::unexpected<Error>(store.error());
  store_ = std::move(*store);
  return {};
}

Result<std::optional<StudyRecord>> JoinedWorker::await_study() {
  const auto since = JoinClock::now();
  bool told = false;
  for (Result<void> opened = look_for_store();; std::this_thread::sleep_for(kNoStudyLook)) {
    const bool too_late = longer_than(since, given_.wait_seconds);
    if (stop_.made()) {
      result_.reason = "interrupted";
      return std::nullopt;
    }
    if (!opened) {
      // A file may yet be made; a server that refuses will go on to.
      if (too_late || is_url(given_.store_location)) return tl::unexpected<Error>(opened.error());
      opened = look_for_store();
      continue;
    }
    auto studies = store_->studies();
    if (!studies) return tl::unexpected<Error>(studies.error());
    std::vector<std::string> names;
    for (StudyRecord& study : *studies) {
      names.push_back(study.name);
      if (given_.study_name.empty() ? studies->size() > 1 : study.name != given_.study_name) continue;
      if (study.state == StudyState::running) return std::optional(std::move(study));
      if (study.state == StudyState::finished || too_late) {
        result_.reason = name_of(study.state);
        return std::nullopt;
      }
    }
    if (given_.study_name.empty() && studies->size() > 1) {
      return fail(ErrorKind::invalid_input,
                  fmt::format("{} holds several studies ({}); choose one with --study", given_.store_location, fmt::join(names, ", ")));
    }
    if (too_late) return no_study(names);
    if (const std::string near = nearest(given_.study_name, names); !near.empty() && near != given_.study_name && !std::exchange(told, true)) {
      spdlog::warn("study={} state=awaited wait_s={} reason=\"the store has no such study; did you mean {}?\"", toml_key(given_.study_name),
                   given_.wait_seconds, toml_key(near));
    }
  }
}

tl::unexpected<Error> JoinedWorker::no_study(const std::vector<std::string>& names) const {
  const std::string& wanted = given_.study_name;
  const std::string near = nearest(wanted, names);
  return fail(ErrorKind::invalid_input,
              fmt::format("{} has no study {} after {} s; it holds {}; {}", given_.store_location,
                          wanted.empty() ? "yet" : "\"" + wanted + "\"", given_.wait_seconds,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")),
                          near.empty() ? "start it with `nascent run`, or wait longer with --wait" : "did you mean \"" + near + "\"?"));
}

Result<JoinResult> JoinedWorker::run() {
  const auto record = await_study();
  if (!record) return tl::unexpected<Error>(record.error());
  if (!*record) return std::move(result_);
  study_ = (*record)->id;
  auto config = parse_study((*record)->resolved_config, fmt::format("study {}", (*record)->name), "/");
  if (!config) return tl::unexpected<Error>(config.error());
  if (config->workers.execution != Execution::workers) {
    return fail(ErrorKind::invalid_input, fmt::format("study {} runs its trials in its coordinator (workers.execution = "
                                                      "\"inline\"); nobody can join it",
                                                      (*record)->name));
  }
  if (auto here = check_components(**record, *config); !here) return tl::unexpected<Error>(here.error());
  const auto artifacts = artifacts_folder(given_.store_location, (*record)->name, config->workers.artifacts);
  setup_.config = config->workers;
  setup_.files_in_store = files_in_store(*config);
  if (setup_.files_in_store) {
    auto folder = TemporaryFolder::create("worker");
    if (!folder) return tl::unexpected<Error>(folder.error());
    files_.emplace(std::move(*folder));
    setup_.config.artifacts = files_->path();
  } else if (is_url(given_.store_location) && config->trainer) {
    if (auto shared = check_artifacts(artifacts, **record); !shared) return tl::unexpected<Error>(shared.error());
  }
  setup_.store_location = given_.store_location;
  setup_.study_name = (*record)->name;
  setup_.threads = given_.threads;
  setup_.worker_program = given_.worker_program;
  setup_.lease_seconds = given_.lease_seconds;
  if (setup_.worker_program.empty()) {
    auto program = find_worker_program();
    if (!program) return tl::unexpected<Error>(program.error());
    setup_.worker_program = std::move(*program);
  }
  if (auto spawned = spawn(); !spawned) return tl::unexpected<Error>(spawned.error());
  while (slot_.process) {
    if (auto turned = turn(); !turned) return tl::unexpected<Error>(turned.error());
  }
  return std::move(result_);
}

Result<void> JoinedWorker::spawn() {
  WorkerCommand command;
  command.program = setup_.worker_program;
  command.store_location = setup_.store_location;
  command.study_name = setup_.study_name;
  command.slot = kJoinedSlot;
  command.lease_seconds = setup_.lease_seconds;
  command.threads = setup_.threads;
  command.joined = true;
  if (setup_.files_in_store) command.files = setup_.config.artifacts;
  auto process = WorkerProcess::spawn(command);
  if (!process) return tl::unexpected<Error>(process.error());
  slot_ = Slot{};
  slot_.process = std::move(*process);
  slot_.oom_kills_before = oom_kills();
  spdlog::info("worker={} study={} state=started", slot_.process->name(), toml_key(setup_.study_name));
  return {};
}

Result<void> JoinedWorker::turn() {
  pollfd files[] = {{slot_.process->doorbell_fd(), POLLIN, 0},
                    {slot_.process->output_fd(), POLLIN, 0},
                    {store_->changes_fd(), POLLIN, 0}};  // poll() passes over -1
  poll(files, 3, static_cast<int>(kJoinLook.count()));
  listen();
  if (const auto status = slot_.process->reap()) return bury(*status);
  if (auto checked = check_limits(); !checked) return checked;
  if (stop_.made() && slot_.doom != Doom::cancelled) {
    leave("interrupted");
    end_worker(Doom::cancelled);
  }
  if (files[2].revents != 0 || JoinClock::now() - study_look_ >= kStudyLook) return look_at_study();
  return {};
}

void JoinedWorker::listen() {
  slot_.process->read_output();
  for (const Bell bell : slot_.process->hear()) {
    if (bell == Bell::ready) slot_.ready = true;
    if (bell == Bell::busy) {
      bad_starts_ = 0;
      slot_.busy_since = JoinClock::now();
      slot_.resident_bytes_max = 0;
      ++result_.trials;
      if (given_.join_for == JoinFor::one_trial) leave("one trial");
    }
    if (bell == Bell::idle) {
      slot_.busy_since.reset();
      slot_.trial.reset();
      idle_since_ = JoinClock::now();
    }
  }
}

Result<void> JoinedWorker::check_limits() {
  const auto now = JoinClock::now();
  if (slot_.kill_at && now >= *slot_.kill_at) {
    slot_.process->send_signal(SIGKILL);
    slot_.kill_at.reset();
  }
  if (slot_.doom != Doom::none || !slot_.busy_since) return {};
  const WorkerConfig& limits = setup_.config;
  if (limits.trial_seconds_max && longer_than(*slot_.busy_since, *limits.trial_seconds_max)) {
    end_worker(Doom::timed_out);
    return {};
  }
  if (const auto memory_max = limits.memory_limit()) {
    slot_.resident_bytes_max = std::max(slot_.resident_bytes_max, slot_.process->resident_bytes());
    if (slot_.resident_bytes_max > *memory_max) end_worker(Doom::out_of_memory);
  }
  const auto too_much = fills_the_disk(slot_, *store_, study_, setup_);
  if (!too_much) return tl::unexpected<Error>(too_much.error());
  if (*too_much) end_worker(Doom::out_of_disk);
  return {};
}

void JoinedWorker::end_worker(Doom why) {
  slot_.doom = why;
  if (why == Doom::out_of_memory || why == Doom::out_of_disk) return slot_.process->send_signal(SIGKILL);
  slot_.process->send_signal(SIGTERM);
  slot_.kill_at = JoinClock::now() + std::chrono::duration_cast<JoinClock::duration>(
                                         std::chrono::duration<double>(given_.stop_grace_seconds));
}

// After the trial at hand, if there is one.
void JoinedWorker::leave(std::string reason) {
  if (!leaving_) result_.reason = std::move(reason);
  leaving_ = true;
  slot_.process->ring(Bell::leave);
}

Result<void> JoinedWorker::look_at_study() {
  study_look_ = JoinClock::now();
  static_cast<void>(store_->version());  // what changes_fd() told is heard
  const auto state = store_->study_state(study_);
  if (!state) {
    end_worker(Doom::cancelled);
    return tl::unexpected<Error>(state.error());
  }
  if (*state == StudyState::running) {
    if (std::exchange(stopped_since_, std::nullopt)) idle_since_ = study_look_;
    const bool idle = !slot_.busy_since && given_.idle_seconds_max && longer_than(idle_since_, *given_.idle_seconds_max);
    if (idle && !leaving_) leave("idle");
    return {};
  }
  if (!stopped_since_) stopped_since_ = study_look_;
  const bool over = *state == StudyState::finished || longer_than(*stopped_since_, given_.wait_seconds);
  if (over && !leaving_) leave(std::string(name_of(*state)));
  // Its coordinator has taken the trial back.
  if (slot_.busy_since && slot_.doom == Doom::none) end_worker(Doom::cancelled);
  return {};
}

// The trial that the worker held gets an outcome or another attempt.
Result<void> JoinedWorker::bury(const ExitStatus& status) {
  const auto open = store_->open_leases(study_);
  if (!open) return tl::unexpected<Error>(open.error());
  const std::string name = slot_.process->name();
  const auto held = std::ranges::find(*open, name, &LeaseRecord::worker);
  const bool interrupted = slot_.doom == Doom::cancelled || (status.signal == 0 && status.code == kWorkerInterrupted);
  if (held != open->end()) {
    if (slot_.doom == Doom::out_of_disk) remove_files(held->lease.trial, setup_);
    // One that was interrupted has done so by itself.
    const bool by_itself = status.signal == 0 && status.code == kWorkerInterrupted;
    if (auto kept = by_itself ? Result<void>{} : keep_files(*store_, held->lease, setup_); !kept) return kept;
  }
  if (held != open->end() && interrupted) {
    if (auto back = store_->give_back(held->lease, FailureReason::none, "interrupted"); !back) {
      return tl::unexpected<Error>(back.error());
    }
  } else if (held != open->end()) {
    const auto [reason, message] = cause_of_end(slot_, status, setup_);
    const auto fate = end_attempt(*store_, {}, *held, reason, message, setup_.config.retries);
    if (!fate) return tl::unexpected<Error>(fate.error());
  } else if (!interrupted && slot_.doom == Doom::none && !leaving_) {
    const bool hopeless = !slot_.ready && status.signal == 0 && status.code == kWorkerCannotStart;
    if (hopeless || ++bad_starts_ >= kBadStartsMax) {
      return fail(ErrorKind::plugin, fmt::format("the worker cannot {} ({}): {}", slot_.ready ? "take a trial" : "start",
                                                 to_string(status), slot_.process->last_line()));
    }
  }
  spdlog::info("worker={} state=ended by={}", name, toml_text(to_string(status)));
  slot_.process.reset();
  idle_since_ = JoinClock::now();
  return leaving_ || stop_.made() ? Result<void>{} : spawn();
}

}  // namespace

Result<JoinResult> join_study(const JoinSetup& setup, const StopRequest& stop) { return JoinedWorker(setup, stop).run(); }

}  // namespace nascent::core
