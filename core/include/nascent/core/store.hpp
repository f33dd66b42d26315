// The study store: the only memory of a search, behind one contract for every engine.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// Key of a study within its store.
using StudyId = std::int64_t;

enum class StudyState { running, finished, stopped };
inline constexpr std::array<std::string_view, 3> kStudyStateNames = {"running", "finished", "stopped"};
constexpr std::string_view name_of(StudyState state) { return kStudyStateNames[static_cast<std::size_t>(state)]; }

// A component that took part, so that a study can be repeated with the same code.
struct PluginRecord {
  std::string kind, id, alias, version, path, sha256;
  bool operator==(const PluginRecord&) const = default;
};

// What a study is. Everything but `resolved_config`, `state` and `stop_reason` is fixed at creation.
struct StudyRecord {
  StudyId id = 0;         // given by the store
  std::string name;       // unique in the store, not empty
  double created_at = 0;  // seconds since the Unix epoch; given by the store
  std::uint64_t seed = 0;
  std::uint32_t parallel = 1;
  std::string objectives_json;  // for people and tools
  std::string resolved_config;  // TOML with every default written out; secrets are the caller's to leave out
  // Array with one object per parameter, in order of declaration: "name", and for choices "choices" (their values).
  // The store uses these two to write every configuration in readable form; other members are the caller's.
  std::string space_json;
  std::string space_fingerprint;
  std::string nascent_version;
  std::vector<PluginRecord> plugins;
  StudyState state = StudyState::running;
  std::string stop_reason;  // why the state is not `running`
};

// The right to change a study as its only coordinator. A later holder has a larger epoch; the earlier one's writes are
// then refused.
struct Coordinator {
  StudyId study = 0;
  std::uint64_t epoch = 0;
};

// Who holds that right.
struct CoordinatorRecord {
  std::string host;
  std::int64_t pid = 0;
  double since = 0, renewed_at = 0;  // seconds since the Unix epoch; the last sign of life
};

// The right to run one attempt of a trial. `attempt` counts from 1 and is the fencing token: whoever holds an older
// attempt overwrites nothing.
struct Lease {
  StudyId study = 0;
  TrialId trial = 0;
  std::uint32_t attempt = 0;
  bool operator==(const Lease&) const = default;
};

enum class LeaseState {
  held,  // the call took effect
  stop,  // it took effect, and the study is no longer running: end the trial soon
  lost,  // the attempt was ended by somebody else; nothing was written
};

// One attempt of a trial, open or ended.
struct LeaseRecord {
  Lease lease;
  std::string worker;
  double leased_at = 0, expires_at = 0;
  std::optional<double> ended_at;              // empty while open
  FailureReason reason = FailureReason::none;  // why it ended without a result; none: finished, or interrupted
  std::string message;
};

// What a scheduler says to a report.
enum class Verdict { proceed, stop, pause };
inline constexpr std::array<std::string_view, 3> kVerdictNames = {"proceed", "stop", "pause"};
constexpr std::string_view name_of(Verdict verdict) { return kVerdictNames[static_cast<std::size_t>(verdict)]; }

enum class VerdictWanted { no, yes };

struct ReportRecord {
  TrialId trial = 0;
  std::uint32_t attempt = 0;
  std::uint32_t number = 0;  // from 0 within the attempt
  Report report;
  double reported_at = 0;
  bool verdict_wanted = false;
  std::optional<Verdict> verdict;  // empty: not wanted, or not yet given
};

// The answer to a report.
struct GivenVerdict {
  ReportRecord report;
  Verdict verdict = Verdict::proceed;
};

struct ReportReceipt {
  LeaseState state = LeaseState::lost;
  std::uint32_t number = 0;
};

struct TrialFilter {
  std::optional<TrialState> state;
  std::optional<TrialRole> role;
  TrialId first = 0;  // this id and later ones
  std::size_t limit = ~std::size_t{0};
};

// A configuration that is to be tried before the sampler is asked.
struct QueuedConfiguration {
  Configuration configuration;
  std::string origin;             // where it comes from, for people: "enqueue"
  std::uint64_t id = 0;           // given by the store; smaller ones are tried first
  double queued_at = 0;           // given by the store
  std::optional<TrialId> trial{};  // whose configuration it is; empty while it waits
};

// Trials that left the hands of a worker after a cursor, in the order in which they did.
struct FinishedTrials {
  std::uint64_t cursor = 0;  // pass it to the next call
  std::vector<Trial> trials;
};

// The trials of a study, counted.
struct TrialTally {
  std::array<std::array<std::uint64_t, kTrialStateNames.size()>, kTrialRoleNames.size()> count{};  // [role][state]
  double cost_seconds = 0;   // of all of them
  double last_at = 0;        // the latest time of a row
  std::uint64_t landed = 0;  // a cursor for finished_since(): no trial that lands from now on is before it

  [[nodiscard]] std::uint64_t of(TrialRole role, TrialState state) const {
    return count[static_cast<std::size_t>(role)][static_cast<std::size_t>(state)];
  }
  [[nodiscard]] std::uint64_t size() const;
  void add(const Trial& trial);  // all but `landed`
};

struct EventRecord {
  std::uint64_t id = 0;
  double at = 0;
  std::string kind;
  std::string data_json;
};

// A file of a trial, on its way from one machine to another.
struct Artifact {
  std::string path;  // within the trial's folder: "checkpoint/state"
  std::string bytes;
  bool operator==(const Artifact&) const = default;
};

// One opening of the test split. The row is on disk before the split is read.
struct TestOpening {
  TrialId trial = 0;
  std::string purpose;
  double opened_at = 0;
};

enum class OpenMode {
  create_or_open,
  must_exist,
  read_only,
};

// A store of studies. Every function may be called from any thread; calls on one object are serialised. Processes open
// the store each for itself. A call that returned without error is on disk: killing any process afterwards loses
// nothing. A call that failed changed nothing. Numbers come back bit by bit; every NaN comes back as one NaN.
// Errors: ErrorKind::store; the message names the store and the way out.
class Store {
 public:
  // `location` is the path of an SQLite file, the URL of a PostgreSQL database (postgresql://...), or ":memory:" for a store
  // that ends with the object. A server that is away or full is waited for, up to 30 s, unless the store is only read; the log says
  // so at once.
  static Result<std::unique_ptr<Store>> open(const std::string& location, OpenMode mode = OpenMode::create_or_open);

  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Changes whenever anybody has changed the store; signs of life (renew, heartbeat) need not count. Cheap enough to poll
  // every few milliseconds.
  virtual Result<std::uint64_t> version() = 0;
  // A descriptor that becomes readable when somebody has changed the store, until version() is asked; for poll(2). -1: this
  // engine tells nobody, look from time to time.
  virtual int changes_fd() { return -1; }

  // Studies. ---------------------------------------------------------------------------------------------------------
  // `queue`: the configurations that it tries first.
  virtual Result<StudyId> create_study(const StudyRecord& study, std::span<const QueuedConfiguration> queue = {}) = 0;
  virtual Result<std::optional<StudyRecord>> study(std::string_view name) = 0;
  virtual Result<std::vector<StudyRecord>> studies() = 0;
  virtual Result<StudyState> study_state(StudyId study) = 0;

  // Coordinator. -----------------------------------------------------------------------------------------------------
  // Fails, naming the holder, while another coordinator lives: on this machine its process is looked at; elsewhere it
  // has to renew() within `stale_after_seconds`, unless the engine notices by itself (PostgreSQL: its session). A negative
  // time takes the study over in any case.
  virtual Result<Coordinator> acquire_coordinator(StudyId study, double stale_after_seconds = 60) = 0;
  // Who coordinates the study now; empty when nobody does, because the last one released it or is gone (judged as above).
  virtual Result<std::optional<CoordinatorRecord>> coordinator(StudyId study, double stale_after_seconds = 60) = 0;
  // Fails when the right was lost; so does every function below that takes a Coordinator.
  virtual Result<void> renew(const Coordinator& coordinator) = 0;
  virtual Result<void> release(const Coordinator& coordinator) = 0;
  virtual Result<void> set_study_state(const Coordinator& coordinator, StudyState state, std::string_view reason) = 0;
  // The study goes on with other settings than it had so far.
  virtual Result<void> set_resolved_config(const Coordinator& coordinator, std::string_view resolved_config) = 0;

  // Stores new trials as queued, all or none. Sets state and queued_at.
  virtual Result<void> enqueue(const Coordinator& coordinator, std::span<const Trial> trials) = 0;
  // Stores trials that need no worker (run inline, invalid, duplicates, given up), all or none: new ones, or queued or
  // paused ones. Each must be finished(). Times that are 0 are set to now.
  virtual Result<void> record_finished(const Coordinator& coordinator, std::span<const Trial> trials) = 0;
  virtual Result<void> set_accepted(const Coordinator& coordinator, std::span<const TrialId> accepted) = 0;
  virtual Result<void> set_verdict(const Coordinator& coordinator, const ReportRecord& report, Verdict verdict) = 0;
  // Several at once, in one write where the engine can; after an error some of them may be there.
  virtual Result<void> set_verdicts(const Coordinator& coordinator, std::span<const GivenVerdict> given);
  // The queued configuration that is `trial`'s, which is not stored yet: the one it was given earlier, or else the first
  // that waits, which is given to it. Empty when none waits. `trial` ascends from call to call of one coordinator.
  virtual Result<std::optional<QueuedConfiguration>> take_queued(const Coordinator& coordinator, TrialId trial) = 0;
  // Ends an open attempt without a result and queues the trial again. `reason` none: interrupted, not the trial's
  // fault. `lost`: that attempt had ended already.
  virtual Result<LeaseState> requeue(const Coordinator& coordinator, const Lease& lease, FailureReason reason,
                                     std::string_view message) = 0;
  // The files of `from` in `folder` are the first ones of `to`, a trial that is not stored yet, in its folder `as`. How many they are.
  virtual Result<std::uint64_t> copy_artifacts(const Coordinator& coordinator, TrialId from, std::string_view folder, TrialId to,
                                               std::string_view as) = 0;
  // Queues a paused trial again.
  virtual Result<void> promote(const Coordinator& coordinator, TrialId trial) = 0;

  // Worker. ----------------------------------------------------------------------------------------------------------
  // Hands out the queued trial with the smallest id, of `role` where one is given; empty when there is none. The lease
  // expires unless renewed.
  struct LeasedTrial {
    Lease lease;
    Trial trial;
  };
  virtual Result<std::optional<LeasedTrial>> lease(StudyId study, std::string_view worker, double lease_seconds,
                                                   std::optional<TrialRole> role = {}) = 0;
  virtual Result<LeaseState> heartbeat(const Lease& lease, double lease_seconds) = 0;
  virtual Result<ReportReceipt> report(const Lease& lease, const Report& report, VerdictWanted wanted) = 0;
  // The verdict on a report of this attempt; empty while there is none.
  virtual Result<std::optional<Verdict>> verdict(const Lease& lease, std::uint32_t number) = 0;
  // Ends the attempt with its result: state (finished() or paused), reason, message, architecture_hash, budget_spent,
  // metrics, details_json, cost_seconds and artifact_dir are taken from `result`. A coordinator may call it for a
  // worker that died.
  virtual Result<LeaseState> finish(const Lease& lease, const Trial& result) = 0;
  // Ends the attempt without a result and queues the trial again, as requeue() does: for the worker that holds it.
  virtual Result<LeaseState> give_back(const Lease& lease, FailureReason reason, std::string_view message) = 0;

  // The trial's files, for whoever goes on with it or reads its model on a machine that does not share its folder: all of
  // them, in place of those that the store has. Until another attempt has begun, or the trial has come to its end; after that
  // `lost`. The files of a trial that fails or is given up go with it.
  virtual Result<LeaseState> put_artifacts(const Lease& lease, std::span<const Artifact> artifacts) = 0;

  // Reading. ---------------------------------------------------------------------------------------------------------
  virtual Result<std::vector<Trial>> trials(StudyId study, const TrialFilter& filter = {}) = 0;  // by id
  virtual Result<std::optional<Trial>> trial(StudyId study, TrialId trial) = 0;
  // Cheaper than reading the rows where an engine can count by itself; by default it reads them, and `landed` is 0.
  virtual Result<TrialTally> tally(StudyId study);
  virtual Result<FinishedTrials> finished_since(StudyId study, std::uint64_t cursor) = 0;
  virtual Result<std::vector<ReportRecord>> reports(StudyId study, TrialId trial) = 0;    // of the last attempt
  // The reports of each attempt that ended in a pause, in order of attempt.
  virtual Result<std::vector<std::vector<ReportRecord>>> pauses(StudyId study, TrialId trial) = 0;
  virtual Result<std::vector<ReportRecord>> reports_awaiting_verdict(StudyId study) = 0;  // of open attempts
  virtual Result<std::vector<LeaseRecord>> open_leases(StudyId study) = 0;                // by trial
  virtual Result<std::vector<LeaseRecord>> expired_leases(StudyId study) = 0;  // the open ones past their time
  virtual Result<std::vector<LeaseRecord>> attempts(StudyId study, TrialId trial) = 0;

  virtual Result<std::vector<Artifact>> artifacts(StudyId study, TrialId trial) = 0;  // by path

  // Queued configurations. Anybody may add to them, also while the study runs. -------------------------------------
  virtual Result<void> queue_configurations(StudyId study, std::span<const QueuedConfiguration> added) = 0;
  virtual Result<std::vector<QueuedConfiguration>> queued_configurations(StudyId study) = 0;  // by id

  // Diary. -----------------------------------------------------------------------------------------------------------
  virtual Result<void> add_event(StudyId study, std::string_view kind, std::string_view data_json) = 0;
  virtual Result<std::vector<EventRecord>> events(StudyId study, std::uint64_t after_id = 0) = 0;
  virtual Result<void> record_test_opening(StudyId study, TrialId trial, std::string_view purpose) = 0;
  virtual Result<std::vector<TestOpening>> test_openings(StudyId study) = 0;

 protected:
  Store() = default;
};

// Hands every trial that passes `filter` to `visit`, by id. Read in pages, so that memory stays small; a trial that
// changes meanwhile is seen as it is when its page is read.
Result<void> each_trial(Store& store, StudyId study, TrialFilter filter, const std::function<void(Trial&&)>& visit);

// The rows of these trials, which are there, in this order.
Result<std::vector<Trial>> read_trials(Store& store, StudyId study, std::span<const TrialId> ids);

}  // namespace nascent::core
