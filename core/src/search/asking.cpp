// Asking: from what waits in the queue and what the sampler knows to trials that run.
#include <fmt/format.h>

#include <algorithm>
#include <nascent/graph.hpp>

#include "execution/trial_files.hpp"
#include "loop.hpp"
#include "nascent/core/seeds.hpp"

namespace nascent::core::search {
namespace {

// Attempt r of resampling trial n asks under number n + r * kResampleStride: other random numbers, the same knowledge.
constexpr TrialId kResampleStride = TrialId{1} << 40U;

}  // namespace

Result<void> Loop::propose(Executor& executor) {
  std::vector<Prepared> batch;
  while (true) {
    if (!ready()) break;
    auto legs = promote();
    if (!legs) return tl::unexpected<Error>(legs.error());
    bool more = !legs->empty();
    if (!more) {
      const auto n = room();
      if (!n) return tl::unexpected<Error>(n.error());
      if (*n > 0) {
        legs = next_trials(*n);
        if (!legs) return tl::unexpected<Error>(legs.error());
      }
      more = !legs->empty() && (deterministic() || legs->size() < *n);
    }
    for (Prepared& p : *legs) batch.push_back(std::move(p));
    if (more || pass_idly()) continue;
    const bool is_idle = counts_.unfinished() == 0 && (!deterministic() || settled_ == legs_.size());
    if (!is_idle) break;
    std::ranges::move(ends_of_replayed(), std::back_inserter(batch));  // of a scheduler that now decides otherwise
    if (!batch.empty() || !held_back_) break;
    if (!stored_left_) {
      end("nothing_admitted");
      break;
    }
    legs = next_trials(1);
    if (!legs) return tl::unexpected<Error>(legs.error());
    std::ranges::move(*legs, std::back_inserter(batch));
    break;
  }
  return submit(executor, std::move(batch));
}

bool Loop::ready() const { return !deterministic() || cut_ || settled_ >= legs_.seen_by(legs_.size()); }

Result<void> Loop::tell_what_is_seen() {
  return deterministic() && !cut_ ? tell_all_before(legs_.seen_by(legs_.size())) : Result<void>{};
}

Result<std::vector<Loop::Prepared>> Loop::promote() {
  std::vector<Prepared> promoted;
  if (!verdicts_ || counts_.paused == 0) return promoted;
  if (auto told = tell_what_is_seen(); !told) return tl::unexpected<Error>(told.error());
  const auto stored = next_is_stored();
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (deterministic() && !*stored && replayed_.empty()) end(stop_rule_.reached(clock_.seconds()));
  if (cut_ || !reason_.empty()) return ends_of_replayed();
  const std::uint64_t free = config_.parallel - std::min<std::uint64_t>(counts_.unfinished(), config_.parallel);
  if (!deterministic() && (*stored || free == 0)) return promoted;
  const std::size_t n = deterministic() ? 1 : free;
  const Verdicts::Due due = [&] {
    const Stopwatch watch(times_.decide);
    return verdicts_->due(legs_.size(), n);
  }();
  for (const TrialId trial : due.given_up) {
    if (auto ended = give_up(history_.position_of(trial)); !ended) return tl::unexpected<Error>(ended.error());
  }
  for (const Verdicts::Due::Leg& leg : due.legs) {
    if (promoted.size() == n) break;
    const Position i = history_.position_of(leg.trial);
    if (!leg.forks) {
      promoted.push_back(next_leg(i));
      continue;
    }
    auto child = fork(i);
    if (!child) return tl::unexpected<Error>(child.error());
    if (*child) promoted.push_back(std::move(**child));
  }
  return promoted;
}

Result<void> Loop::give_up(Position i) {
  std::optional<Trial> row;
  if (const auto earlier = replayed_.find(i); earlier != replayed_.end()) {
    const Replayed& of = earlier->second;
    const bool ended_here = of.row.state == TrialState::pruned && of.next == of.pauses.size() && of.ended_paused;
    if (!ended_here) return {};  // an earlier run went on with it, and that is taken up
    row = std::move(replayed_.extract(earlier).mapped().row);
  } else {
    auto stored = store_.trial(coordinator_.study, history_.trial(i));
    if (!stored) return tl::unexpected<Error>(stored.error());
    if (!*stored) return fail(ErrorKind::store, fmt::format("trial {} is missing, which is paused", history_.trial(i)));
    row = std::move(*stored);
    row->state = TrialState::pruned;
    if (auto ended = store_.record_finished(coordinator_, {&*row, 1}); !ended) return ended;
  }
  TrialFiles::close(artifacts_, row->id);  // the row is on disk: a killed run does so again
  verdicts_->given_up(row->id, legs_.latest(i), legs_.size());
  history_.reopen(i);
  --counts_.paused;
  if (auto taken = take(*row); !taken || !deterministic()) return taken;
  if (auto told = tell({i}); !told) return told;
  observe(i);
  return {};
}

// Nobody is promoted any more, but what the store has is taken up: trials that stand at a replayed pause come to where
// their rows are.
std::vector<Loop::Prepared> Loop::ends_of_replayed() {
  std::vector<Position> paused;
  for (const auto& [i, replayed] : replayed_) {
    if (history_.paused(i)) paused.push_back(i);
  }
  std::ranges::sort(paused);
  std::vector<Prepared> ends;
  for (const Position i : paused) {
    replayed_.at(i).next = replayed_.at(i).pauses.size();
    ends.push_back(next_leg(i));
  }
  return ends;
}

Loop::Prepared Loop::next_leg(Position i) {
  using Fate = Prepared::Fate;
  legs_.add(i);
  history_.reopen(i);
  verdicts_->promoted(history_.trial(i));
  first_open_ = std::min(first_open_, i);
  --counts_.paused;
  const auto earlier = replayed_.find(i);
  if (earlier == replayed_.end()) {
    Trial trial;
    trial.id = history_.trial(i);
    return {Fate::promoted, true, std::move(trial)};
  }
  if (earlier->second.next < earlier->second.pauses.size()) return replay_pause(i, earlier->second);
  Trial row = std::move(earlier->second.row);
  replayed_.erase(earlier);
  const bool has_landed = row.finished() || row.state == TrialState::paused;
  const Fate fate = has_landed ? Fate::finished : cut_ ? Fate::left : Fate::run;
  return {fate, true, std::move(row)};
}

Loop::Prepared Loop::replay_pause(Position i, Replayed& of) {
  std::vector<ReportRecord>& reports = of.pauses[of.next++];
  Trial trial = of.row;
  trial.state = TrialState::paused;
  trial.budget_spent = reports.back().report.budget;
  trial.metrics = reports.back().report.metrics;
  leg_reports_[i] = std::move(reports);
  if (of.next == of.pauses.size() && of.row.state == TrialState::paused) replayed_.erase(i);  // it stands there
  return {Prepared::Fate::finished, true, std::move(trial)};
}

bool Loop::pass_idly() {
  const Leg last = legs_.last_at_work();
  if (!deterministic() || (counts_.paused == 0 && !held_back_) || cut_ || last == kNoLeg || legs_.seen_by(legs_.size()) > last) return false;
  legs_.add_idle();
  return true;
}

Result<bool> Loop::next_is_stored() {
  const auto id = stored_.next_id(next_id_);
  if (!id) return tl::unexpected<Error>(id.error());
  next_id_ = *id;
  return stored_.has(*id);
}

Result<std::size_t> Loop::room() {
  // What the store has is taken up in any case: a stop condition ends the asking.
  const auto stored = next_is_stored();
  if (!stored) return tl::unexpected<Error>(stored.error());
  stored_left_ = *stored;
  held_back_ = false;
  const std::uint64_t asked = history_.size();
  if (!*stored && (cut_ || !reason_.empty() || !stop_rule_.allows(asked))) return 0;
  if (!deterministic()) {
    if (*stored) return config_.parallel;
    const std::uint64_t free = config_.parallel - std::min<std::uint64_t>(counts_.unfinished(), config_.parallel);
    return admitted(config_.stop.trials ? std::min(free, *config_.stop.trials - asked) : free);
  }
  if (cut_) return 1;  // taken up to be counted, not to run
  if (auto told = tell_what_is_seen(); !told) return tl::unexpected<Error>(told.error());
  if (!*stored) end(stop_rule_.reached(clock_.seconds()));
  return *stored || reason_.empty() ? admitted(1) : 0;
}

std::size_t Loop::admitted(std::size_t n) {
  if (n == 0 || !verdicts_ || !verdicts_->keeps_population()) return n;
  const Stopwatch watch(times_.decide);
  const std::uint64_t admits = verdicts_->admits(legs_.size(), history_.size() - children_);
  held_back_ = admits == 0;
  return std::min<std::uint64_t>(n, admits);
}

Result<std::vector<Loop::Prepared>> Loop::next_trials(std::size_t n) {
  std::vector<Prepared> stored;
  std::vector<TrialId> ids;
  while (stored.size() + ids.size() < n) {
    const auto known = next_is_stored();
    if (!known) return tl::unexpected<Error>(known.error());
    if (*known ? !ids.empty() : !stored.empty()) break;  // in order of trial: one kind after the other
    if (*known) {
      auto adopted = adopt(stored_.take());
      if (!adopted) return tl::unexpected<Error>(adopted.error());
      stored.push_back(std::move(*adopted));
    } else {
      ids.push_back(next_id_);
    }
    ++next_id_;
  }
  return ids.empty() ? std::move(stored) : ask(ids);
}

// Rows are read in pages, and a worker that has joined goes on meanwhile.
Result<void> Loop::catch_up(Trial& trial) {
  if (trial.attempts == 0 || trial.finished()) return {};
  auto row = store_.trial(coordinator_.study, trial.id);
  if (!row) return tl::unexpected<Error>(row.error());
  if (*row) trial = std::move(**row);
  return {};
}

Result<Loop::Prepared> Loop::adopt(Trial trial) {
  if (const auto early = early_.extract(trial.id); !early.empty()) trial = std::move(early.mapped());
  if (auto as_it_stands = catch_up(trial); !as_it_stands) return tl::unexpected<Error>(as_it_stands.error());
  const Position i = history_.append(trial.id);
  std::ranges::copy(trial.configuration.x, history_.x_of(i));
  std::ranges::copy(trial.configuration.active, history_.active_of(i));
  if (trial.parent && verdicts_) {
    const auto birth = birth_of(trial.id);
    if (!birth) return tl::unexpected<Error>(birth.error());
    begin_child(i, *birth);
  } else {
    if (config_.duplicates != Duplicates::retrain && trial.state != TrialState::invalid) {
      known_.find_or_add(trial.id, trial.architecture_hash, trial.configuration.x, trial.configuration.active);
    }
    ++counts_.asked;
    legs_.add(i);
  }
  const bool may_be_given_up = trial.state == TrialState::pruned;
  const bool may_have_paused = trial.attempts > (trial.finished() && !may_be_given_up ? 1U : 0U);
  if (verdicts_ && deterministic() && !cut_ && may_have_paused) {
    auto pauses = store_.pauses(coordinator_.study, trial.id);
    if (!pauses) return tl::unexpected<Error>(pauses.error());
    for (TrialState seen = trial.state;; seen = trial.state) {  // until both are of one time
      if (auto as_it_stands = catch_up(trial); !as_it_stands) return tl::unexpected<Error>(as_it_stands.error());
      if (trial.state == seen) break;
      pauses = store_.pauses(coordinator_.study, trial.id);
      if (!pauses) return tl::unexpected<Error>(pauses.error());
    }
    if (!pauses->empty()) {
      Replayed& replayed = replayed_[i];
      const bool ended_paused = pauses->back().back().attempt == trial.attempts;
      replayed = {std::move(trial), std::move(*pauses), ended_paused};
      return replay_pause(i, replayed);
    }
  }
  const bool has_landed = trial.finished() || trial.state == TrialState::paused;
  const auto fate = has_landed ? Prepared::Fate::finished : cut_ ? Prepared::Fate::left : Prepared::Fate::run;
  return Prepared{fate, true, std::move(trial)};
}

Result<std::size_t> Loop::ask_sampler(std::span<const TrialId> ids, Position first) {
  const Stopwatch watch(times_.ask);
  if (deterministic() && legs_.are_trials()) {
    return proposals_.ask(ids, history_.pending_slice(told_, first - told_), history_.x_of(first),
                          history_.active_of(first));
  }
  if (deterministic()) {
    return proposals_.ask(ids, history_.gather_pending(trials_of(told_, legs_.size())), history_.x_of(first),
                          history_.active_of(first));
  }
  while (first_open_ < first && history_.finished(first_open_)) ++first_open_;
  std::vector<Position> pending;
  for (Position i = first_open_; i < first && pending.size() < counts_.unfinished(); ++i) {
    if (!history_.finished(i)) pending.push_back(i);
  }
  return proposals_.ask(ids, history_.gather(pending), history_.x_of(first), history_.active_of(first));
}

Result<std::size_t> Loop::take_queued(std::span<const TrialId> ids) {
  for (std::size_t k = 0; k < ids.size(); ++k) {
    const auto queued = store_.take_queued(coordinator_, ids[k]);
    if (!queued) return tl::unexpected<Error>(queued.error());
    if (!*queued) return k;
    const Configuration& c = (*queued)->configuration;
    if (c.x.size() != space_.size() || !nascent::SpaceView(space_.view()).contains({c.x, c.active})) {
      return fail(ErrorKind::store, fmt::format("queued configuration {} is none of the study's search space; it was not "
                                                "written by nascent: restore a copy of the store",
                                                (*queued)->id));
    }
    const Position i = history_.append(ids[k]);
    std::ranges::copy(c.x, history_.x_of(i));
    std::ranges::copy(c.active, history_.active_of(i));
  }
  return ids.size();
}

Result<void> Loop::append_proposals(std::span<const TrialId> ids) {
  const Position first = history_.size();
  for (const TrialId id : ids) history_.append(id);
  const auto filled = ask_sampler(ids, first);
  if (!filled) return tl::unexpected<Error>(filled.error());
  while (history_.size() > first + *filled) history_.drop_last();
  if (*filled == 0) end("exhausted");
  return {};
}

Result<std::vector<Loop::Prepared>> Loop::ask(std::span<const TrialId> ids) {
  const Position first = history_.size();
  const auto queued = take_queued(ids);
  if (!queued) return tl::unexpected<Error>(queued.error());
  if (*queued == 0) {
    if (auto asked = append_proposals(ids); !asked) return tl::unexpected<Error>(asked.error());
  }
  if (const std::size_t n = history_.size() - first; n < ids.size()) next_id_ = ids[n];

  std::vector<Prepared> prepared;
  for (Position i = first; i < history_.size(); ++i) {
    auto p = prepare(i, *queued > 0 ? Origin::queue : Origin::sampler);
    if (!p) return tl::unexpected<Error>(p.error());
    legs_.add(i);
    ++counts_.asked;
    prepared.push_back(std::move(*p));
  }
  return prepared;
}

Result<Loop::Prepared> Loop::prepare(Position i, Origin origin) {
  Trial trial;
  trial.id = history_.trial(i);
  trial.seed = training_seed(config_.seed, trial.id);
  auto invalid = build(i, trial);
  if (!invalid) return tl::unexpected<Error>(invalid.error());
  std::optional<TrialId> original;
  if (invalid->empty() && config_.duplicates != Duplicates::retrain) {
    auto found = repeated_trial(i, trial, origin);
    if (!found) return tl::unexpected<Error>(found.error());
    original = *found;
  }
  trial.configuration.x.assign(history_.x_of(i), history_.x_of(i) + history_.n_params());
  trial.configuration.active.assign(history_.active_of(i), history_.active_of(i) + history_.n_params());
  if (original) return reuse(std::move(trial), *original);
  if (invalid->empty()) return Prepared{Prepared::Fate::run, false, std::move(trial)};
  trial.state = TrialState::invalid;
  trial.message = std::move(*invalid);
  return Prepared{Prepared::Fate::finished, false, std::move(trial)};
}

Result<std::string> Loop::build(Position i, Trial& trial) {
  const auto graph = space_.build(history_.x_of(i), history_.active_of(i));
  if (!graph) {
    if (graph.error().status == NAS_E_INVALID) return graph.error().reason;
    return tl::unexpected<Error>(graph.error());
  }
  if (*graph == nullptr) return std::string();
  try {
    const nascent::Graph architecture = nascent::Graph::from_abi(**graph);
    nascent::infer(architecture);
    trial.architecture_hash = nascent::canonical_hash(architecture);
    return std::string();
  } catch (const nascent::Error& e) {
    return std::string(e.what());
  }
}

Result<std::optional<TrialId>> Loop::repeated_trial(Position i, Trial& trial, Origin origin) {
  const auto look_up = [&] {
    return known_.find_or_add(trial.id, trial.architecture_hash, {history_.x_of(i), history_.n_params()},
                              {history_.active_of(i), history_.n_params()});
  };
  const std::optional<TrialId> original = look_up();
  // A person's wish is not exchanged for another configuration.
  if (!original || config_.duplicates != Duplicates::resample || origin == Origin::queue) return original;
  const std::vector<double> x(history_.x_of(i), history_.x_of(i) + history_.n_params());
  const std::vector<std::uint8_t> active(history_.active_of(i), history_.active_of(i) + history_.n_params());
  const std::string hash = trial.architecture_hash;
  for (int attempt = 1; attempt <= Search::kResamplesMax; ++attempt) {
    const TrialId id = trial.id + static_cast<TrialId>(attempt) * kResampleStride;
    const auto filled = ask_sampler({&id, 1}, i);
    if (!filled) return tl::unexpected<Error>(filled.error());
    if (*filled == 0) break;
    auto invalid = build(i, trial);
    if (!invalid) return tl::unexpected<Error>(invalid.error());
    if (!invalid->empty()) continue;
    if (!look_up()) return std::nullopt;
  }
  // Nothing new was found: the first proposal stands.
  std::ranges::copy(x, history_.x_of(i));
  std::ranges::copy(active, history_.active_of(i));
  trial.architecture_hash = hash;
  return original;
}

Result<Loop::Prepared> Loop::reuse(Trial trial, TrialId original) {
  trial.duplicate_of = original;
  if (!history_.finished(history_.position_of(original))) return Prepared{Prepared::Fate::waits, false, std::move(trial)};
  const auto row = store_.trial(coordinator_.study, original);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return fail(ErrorKind::store, fmt::format("trial {} is missing, which trial {} repeats", original, trial.id));
  copy_result(**row, trial);
  return Prepared{Prepared::Fate::finished, false, std::move(trial)};
}

Result<void> Loop::submit(Executor& executor, std::vector<Prepared> batch) {
  using Fate = Prepared::Fate;
  std::vector<Trial> queue, finish;
  for (const Prepared& p : batch) {
    if (p.stored) continue;
    if (p.fate == Fate::run && executor.needs_queued_rows()) queue.push_back(p.trial);
    if (p.fate == Fate::finished) finish.push_back(p.trial);
  }
  if (!queue.empty()) {
    if (auto stored = store_.enqueue(coordinator_, queue); !stored) return stored;
  }
  if (!finish.empty()) {
    if (auto stored = store_.record_finished(coordinator_, finish); !stored) return stored;
  }
  for (Prepared& p : batch) {
    if (p.fate == Fate::left) continue;
    if (p.fate == Fate::promoted) {
      if (auto queued_again = store_.promote(coordinator_, p.trial.id); !queued_again) return queued_again;
    }
    if (observer_ != nullptr && !(p.stored && p.fate == Fate::finished)) observer_->on_asked(p.trial);
    if (p.fate == Fate::run || p.fate == Fate::promoted) {
      if (auto submitted = executor.submit(p.trial); !submitted) return submitted;
    } else if (p.fate == Fate::waits) {
      waiting_[*p.trial.duplicate_of].push_back(std::move(p.trial));
    } else {
      if (auto taken = take(p.trial); !taken) return taken;
      if (auto released = release_duplicates(p.trial); !released) return released;
    }
  }
  return {};
}

}  // namespace nascent::core::search
