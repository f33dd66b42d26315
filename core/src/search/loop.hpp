// The steps of the search loop, and the state between them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "acceptance.hpp"
#include "history.hpp"
#include "known.hpp"
#include "legs.hpp"
#include "nascent/core/search.hpp"
#include "proposals.hpp"
#include "stop.hpp"
#include "stopwatch.hpp"
#include "stored_trials.hpp"
#include "verdicts.hpp"
#include "wall_clock.hpp"

namespace nascent::core::search {

enum class Ending {
  complete,
  interrupted,  // somebody wished it; the study goes on another time
};

class Loop {
 public:
  Loop(const Search::Setup& setup, Instance<nas_sampler_vt> sampler,
       std::optional<Instance<nas_scheduler_vt>> scheduler);

  DecideVerdict decide();
  // Before the first step; later calls do nothing.
  Result<void> open(Executor& executor);
  // Judges finished trials: acceptance, incumbent. In a deterministic study in order of trial.
  Result<void> settle();
  // Hands out as many legs as may run now: paused trials that the scheduler promotes, and new trials, the queue first
  // and then the sampler.
  Result<void> propose(Executor& executor);
  // Takes trials that have finished; waits up to `timeout` for the first.
  Result<void> collect(Executor& executor, std::chrono::milliseconds timeout);
  // After Executor::stop(): what finished until then.
  Result<void> drain(Executor& executor);
  // stop.wall_time is over: nothing more is started, what runs is taken back. Later calls do nothing.
  Result<void> cut(Executor& executor);
  // Until stop.wall_time is over; empty without one. After open().
  [[nodiscard]] std::optional<double> seconds_left() const;
  // Are those real seconds?
  [[nodiscard]] bool in_real_time() const { return clock_.is_real(); }
  // Nothing runs and nothing more will be asked for; or, after a cut, all that is stored has been taken up and judged.
  [[nodiscard]] bool over() const;
  // Ends the run.
  Result<void> close(Ending ending);
  [[nodiscard]] SearchOutcome outcome() const;

 private:
  // A trial that was asked for, and what becomes of it.
  struct Prepared {
    enum class Fate { run, promoted, finished, waits, left } fate = Fate::run;
    bool stored = false;  // the store has this row
    Trial trial;
  };

  // A trial of an earlier run with the pauses that this run has not come to yet.
  struct Replayed {
    Trial row;
    std::vector<std::vector<ReportRecord>> pauses;  // the reports of each
    bool ended_paused = false;  // its last attempt came to a pause; attempts that were lost before do not matter
    std::size_t next = 0;
  };

  // Where a new trial's configuration comes from.
  enum class Origin { sampler, queue };

  [[nodiscard]] bool deterministic() const { return config_.deterministic; }
  void end(std::string reason);

  // Telling and judging.
  Result<void> tell_all_before(Leg end);
  Result<void> tell(std::vector<Position> trials);
  [[nodiscard]] bool tells_reports() const { return verdicts_ && proposals_.learns_from_reports(); }
  // What the sampler has not been told of the trial's reports.
  Result<void> tell_reports(Position i);
  [[nodiscard]] std::vector<Position> trials_of(Leg first, Leg end) const;  // ascending
  void observe(Position i);
  Result<void> judge(Position i, std::vector<TrialId>& accepted);
  Result<void> note_incumbent(Position i);

  // May one more leg be decided on? Not while earlier ones have to end first.
  [[nodiscard]] bool ready() const;
  // The sampler and the stop conditions learn what the next leg sees.
  Result<void> tell_what_is_seen();
  // The paused trials that go on now.
  Result<std::vector<Prepared>> promote();
  // A trial goes on from the checkpoint of the paused one at `parent`: a new one, or what the store has next. None where no
  // more may be begun, or where an earlier run went on with the parent.
  Result<std::optional<Prepared>> fork(Position parent);
  // The next leg is the first of the forked trial at `i`.
  void begin_child(Position i, const Birth& birth);
  // The configuration of a child, checked.
  Result<Configuration> explored(TrialId child, Position parent);
  // Of a forked trial that the store has.
  Result<Birth> birth_of(TrialId child);
  // A paused trial ends, and its checkpoint goes.
  Result<void> give_up(Position i);
  std::vector<Prepared> ends_of_replayed();
  Prepared next_leg(Position i);
  Prepared replay_pause(Position i, Replayed& of);
  // Has nothing to do, and still will when the last legs have come into sight? Until then an idle leg passes.
  bool pass_idly();
  // How many trials may be asked for now.
  Result<std::size_t> room();
  // How many of `n` the scheduler admits.
  std::size_t admitted(std::size_t n);
  Result<bool> next_is_stored();
  // Up to `n` more trials: first those the store has, then the sampler's.
  Result<std::vector<Prepared>> next_trials(std::size_t n);
  // Makes the row of a trial that may have gone on what it is now.
  Result<void> catch_up(Trial& trial);
  Result<Prepared> adopt(Trial stored);
  Result<std::vector<Prepared>> ask(std::span<const TrialId> ids);
  // The leading trials of `ids` that queued configurations are for, appended to the history; how many.
  Result<std::size_t> take_queued(std::span<const TrialId> ids);
  // Appends what the sampler proposes for `ids` to the history.
  Result<void> append_proposals(std::span<const TrialId> ids);
  Result<Prepared> prepare(Position i, Origin origin);
  // The architecture's hash goes into the trial. Why there is no architecture, or empty.
  Result<std::string> build(Position i, Trial& trial);
  Result<std::optional<TrialId>> repeated_trial(Position i, Trial& trial, Origin origin);
  Result<std::size_t> ask_sampler(std::span<const TrialId> ids, Position first);
  Result<Prepared> reuse(Trial trial, TrialId original);
  Result<void> submit(Executor& executor, std::vector<Prepared> batch);

  Result<void> receive(std::vector<Trial> finished);
  // The finished row of a search trial is in the store.
  Result<void> take(const Trial& trial);
  Result<void> release_duplicates(const Trial& original);

  const StudyConfig& config_;
  const StudySpace& space_;
  Store& store_;
  Coordinator coordinator_;
  SearchObserver* observer_;
  std::filesystem::path artifacts_;
  Scoring scoring_;

  Proposals proposals_;
  Legs legs_;
  std::optional<Verdicts> verdicts_;
  AcceptanceJudge acceptance_;
  StopRule stop_rule_;
  KnownTrials known_;
  History history_;
  StoredTrials stored_;
  WallClock clock_;
  SearchTimes unwanted_times_;
  SearchTimes& times_;

  TrialId next_id_ = 0;
  Leg settled_ = 0;              // deterministic: legs before it are judged
  Leg told_ = 0;                 // deterministic: legs before it are told
  std::vector<Position> fresh_;  // asynchronous: finished and not yet judged
  Position first_open_ = 0;      // asynchronous: trials before it have finished
  std::unordered_map<TrialId, std::vector<Trial>> waiting_;  // duplicates, by the trial whose result they take
  std::unordered_map<TrialId, Trial> early_;  // queued by an earlier run, finished before this one came to them
  std::unordered_map<Position, Replayed> replayed_;
  std::unordered_map<Position, std::vector<ReportRecord>> leg_reports_;  // of replayed legs, until they are judged
  std::unordered_map<Position, double> told_reports_until_;  // budget, of paused trials: what the sampler knows of
  std::unordered_map<Position, double> observed_seconds_;  // of paused trials: what the stop conditions know of
  SearchCounts counts_;
  std::string reason_;           // not empty: nothing more is asked for
  bool opened_ = false, interrupted_ = false, cut_ = false;
  bool stored_left_ = false;     // the store has trials that this run has not come to
  bool held_back_ = false;       // the scheduler admits none of the trials that might be asked for
  std::uint64_t children_ = 0;   // trials that were forked
  std::optional<Births> births_;  // as the diary has them, once it was read

  std::optional<TrialId> incumbent_;
  double incumbent_loss_ = 0;
  ParetoFront front_;
  std::chrono::steady_clock::time_point next_tick_{};
};

// The trial takes the result of the one it repeats. It is not trained on when that one is paused.
void copy_result(const Trial& original, Trial& duplicate);

}  // namespace nascent::core::search
