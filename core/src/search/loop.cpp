// Judging, telling and collecting: from a finished row to what the sampler knows.
#include "loop.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "execution/trial_files.hpp"
#include "scores.hpp"

namespace nascent::core::search {
namespace {

constexpr std::chrono::milliseconds kTickInterval{100};
constexpr int kTickPause = 20;  // times what the last tick took: display is at most so small a part

}  // namespace

Loop::Loop(const Search::Setup& setup, Instance<nas_sampler_vt> sampler,
           std::optional<Instance<nas_scheduler_vt>> scheduler)
    : config_(*setup.config),
      space_(*setup.space),
      store_(*setup.store),
      coordinator_(setup.coordinator),
      observer_(setup.observer),
      artifacts_(setup.artifacts),
      scoring_(config_),
      proposals_(std::move(sampler), space_.view()),
      legs_(config_.parallel),
      acceptance_(config_.acceptance, config_.objectives.front(), config_.seed),
      stop_rule_(config_.stop, config_.objectives.front()),
      known_(space_.n_space_parameters()),
      history_(space_.size(), scoring_.n_objectives(), scoring_.n_constraints(), proposals_.metrics().size()),
      stored_(store_, coordinator_.study),
      clock_(setup.clock),
      times_(setup.times != nullptr ? *setup.times : unwanted_times_) {
  if (scheduler) verdicts_.emplace(std::move(*scheduler), config_, legs_);
}

DecideVerdict Loop::decide() {
  if (!verdicts_) return {};
  return [this](TrialId trial, std::span<const Report> reports) {
    // Trials of the final part are not the scheduler's.
    if (!history_.contains(trial)) return Verdict::proceed;
    const Position i = history_.position_of(trial);
    // A promoted trial whose trainer keeps no checkpoint comes by its pause once more.
    if (!reports.empty() && reports.back().budget <= history_.budget(i)) return Verdict::proceed;
    const Stopwatch watch(times_.decide);
    return verdicts_->decide(trial, legs_.latest(i), reports);
  };
}

Result<void> Loop::open(Executor& executor) {
  if (opened_) return {};
  opened_ = true;
  if (auto started = clock_.start(store_, coordinator_.study); !started) return started;
  // A study whose time is over has no work for anybody.
  if (const auto left = seconds_left(); !left || *left > 0) {
    if (auto started = executor.start(); !started) return started;
  }
  if (verdicts_ && verdicts_->keeps_population()) TrialFiles::let_others_inherit(artifacts_);
  if (!deterministic()) {
    spdlog::info("study={} deterministic=false reason=\"trials are told in order of completion; the study does not repeat\"",
                 toml_key(config_.name));
  }
  return {};
}

std::optional<double> Loop::seconds_left() const {
  if (!config_.stop.wall_seconds) return std::nullopt;
  return *config_.stop.wall_seconds - clock_.seconds();
}

Result<void> Loop::cut(Executor& executor) {
  if (cut_) return {};
  cut_ = true;
  executor.stop(StopMode::cancel);
  return drain(executor);
}

void Loop::end(std::string reason) {
  if (reason_.empty()) reason_ = std::move(reason);
}

Result<void> Loop::settle() {
  std::vector<TrialId> accepted;
  if (deterministic()) {
    for (; settled_ < legs_.size(); ++settled_) {
      if (legs_.is_idle(settled_)) continue;
      if (!history_.finished(legs_.trial(settled_))) break;
      if (auto judged = judge(legs_.trial(settled_), accepted); !judged) return judged;
    }
  } else {
    std::ranges::sort(fresh_);
    for (const Position i : fresh_) {
      if (auto judged = judge(i, accepted); !judged) return judged;
    }
  }
  if (!accepted.empty()) {
    if (auto noted = store_.set_accepted(coordinator_, accepted); !noted) return noted;
  }
  if (deterministic() || fresh_.empty()) return {};
  // The rows are on disk: tell.
  if (auto told = tell(fresh_); !told) return told;
  for (const Position i : fresh_) observe(i);
  fresh_.clear();
  end(stop_rule_.reached(clock_.seconds()));
  return {};
}

Result<void> Loop::judge(Position i, std::vector<TrialId>& accepted) {
  const TrialId trial = history_.trial(i);
  if (verdicts_) {
    const auto replayed = leg_reports_.extract(i);
    auto reports = replayed.empty() ? store_.reports(coordinator_.study, trial) : std::move(replayed.mapped());
    if (!reports) return tl::unexpected<Error>(reports.error());
    const Stopwatch watch(times_.decide);
    verdicts_->ended(trial, legs_.latest(i), {history_.state(i), history_.budget(i), history_.losses_of(i)}, *reports);
  }
  if (!history_.feasible(i)) return {};
  const bool stored = history_.accepted(i);  // by an earlier run, which in an asynchronous study judged in another order
  if (acceptance_.judge(trial, history_.losses_of(i)) && !stored) {
    history_.accept(i);
    accepted.push_back(trial);
  }
  return note_incumbent(i);
}

Result<void> Loop::note_incumbent(Position i) {
  const TrialId trial = history_.trial(i);
  const std::span<const double> losses = history_.losses_of(i);
  if (losses.size() > 1) {
    if (!front_.add(trial, losses)) return {};
  } else {
    if (incumbent_ && losses[0] >= incumbent_loss_) return {};
    incumbent_ = trial;
    incumbent_loss_ = losses[0];
  }
  if (observer_ == nullptr) return {};
  const auto row = store_.trial(coordinator_.study, trial);
  if (!row) return tl::unexpected<Error>(row.error());
  if (*row) observer_->on_incumbent(**row);
  return {};
}

std::vector<Position> Loop::trials_of(Leg first, Leg end) const {
  std::vector<Position> trials;
  for (Leg leg = first; leg < end; ++leg) {
    if (!legs_.is_idle(leg)) trials.push_back(legs_.trial(leg));
  }
  std::ranges::sort(trials);
  return trials;
}

Result<void> Loop::tell_all_before(Leg end) {
  if (end <= told_) return {};
  if (legs_.are_trials() && counts_.paused == 0 && !tells_reports()) {
    {
      const Stopwatch watch(times_.tell);
      if (auto told = proposals_.tell(history_.slice(told_, end - told_)); !told) return told;
    }
    for (; told_ < end; ++told_) observe(legs_.trial(told_));
    return {};
  }
  for (; told_ < end; ++told_) {
    if (legs_.is_idle(told_)) continue;
    const Position i = legs_.trial(told_);
    if (auto told = tell({i}); !told) return told;
    observe(i);
  }
  return {};
}

// A paused trial is told when it ends.
Result<void> Loop::tell(std::vector<Position> trials) {
  for (const Position i : trials) {
    if (auto told = tell_reports(i); !told) return told;
  }
  std::erase_if(trials, [&](Position i) { return history_.paused(i); });
  const Stopwatch watch(times_.tell);
  return trials.empty() ? Result<void>{} : proposals_.tell(history_.gather(trials));
}

Result<void> Loop::tell_reports(Position i) {
  if (!tells_reports()) return {};
  const std::uint32_t state = history_.state(i);
  const auto known = told_reports_until_.extract(i);
  if (state != NAS_TRIAL_COMPLETED && state != NAS_TRIAL_PRUNED && state != NAS_TRIAL_PAUSED) return {};
  const double until = known.empty() ? -1 : known.mapped();
  const ReportColumns reports = verdicts_->reports_above(history_.trial(i), until);
  if (history_.paused(i)) told_reports_until_[i] = history_.budget(i);
  if (reports.size() == 0) return {};
  History rows(history_.n_params(), scoring_.n_objectives(), scoring_.n_constraints(), proposals_.metrics().size());
  for (std::size_t row = 0; row < reports.size(); ++row) {
    const Position to = rows.append(history_.trial(i));
    std::copy_n(history_.x_of(i), history_.n_params(), rows.x_of(to));
    std::copy_n(history_.active_of(i), history_.n_params(), rows.active_of(to));
    std::ranges::copy(reports.losses(row), rows.losses_of(to).begin());
    rows.finish(to, state, reports.budget(row), 0);
  }
  return proposals_.tell_reports(rows.slice(0, rows.size()));
}

void Loop::observe(Position i) {
  const auto known = observed_seconds_.extract(i);
  const double seconds = history_.cost_seconds(i) - (known.empty() ? 0 : known.mapped());
  if (history_.paused(i)) {
    observed_seconds_[i] = history_.cost_seconds(i);
    return stop_rule_.spend(seconds);
  }
  StopRule::Outcome outcome{history_.accepted(i), seconds, {}, history_.is_new(i)};
  if (history_.feasible(i)) outcome.loss = history_.losses_of(i)[0];
  stop_rule_.observe(outcome);
}

Result<void> Loop::collect(Executor& executor, std::chrono::milliseconds timeout) {
  if (counts_.unfinished() == 0) return {};
  auto finished = executor.next(timeout);
  if (!finished) return tl::unexpected<Error>(finished.error());
  if (auto received = receive(std::move(*finished)); !received) return received;
  const auto now = std::chrono::steady_clock::now();
  if (observer_ != nullptr && now >= next_tick_) {
    observer_->on_tick(counts_, executor.running());
    const auto took = std::chrono::steady_clock::now() - now;
    next_tick_ = now + std::max<std::chrono::steady_clock::duration>(kTickInterval, kTickPause * took);
  }
  return {};
}

Result<void> Loop::drain(Executor& executor) {
  while (true) {
    auto finished = executor.next(std::chrono::milliseconds(0));
    if (!finished) return tl::unexpected<Error>(finished.error());
    if (finished->empty()) return {};
    if (auto received = receive(std::move(*finished)); !received) return received;
  }
}

Result<void> Loop::receive(std::vector<Trial> finished) {
  for (Trial& trial : finished) {
    if (trial.role != TrialRole::search) continue;
    if (!history_.contains(trial.id)) {
      early_.emplace(trial.id, std::move(trial));
      continue;
    }
    if (auto taken = take(trial); !taken) return taken;
    if (auto released = release_duplicates(trial); !released) return released;
  }
  return {};
}

Result<void> Loop::take(const Trial& trial) {
  const Position i = history_.position_of(trial.id);
  if (history_.finished(i)) return {};
  counts_.train_seconds += trial.cost_seconds - history_.cost_seconds(i);
  if (auto finished = finish(history_, i, trial, scoring_, proposals_.metrics()); !finished) return finished;
  switch (trial.state) {
    case TrialState::completed: ++counts_.completed; break;
    case TrialState::pruned: ++counts_.pruned; break;
    case TrialState::invalid: ++counts_.invalid; break;
    case TrialState::paused: ++counts_.paused; break;
    default: ++counts_.failed;
  }
  if (trial.parent && trial.finished()) TrialFiles::close(artifacts_, trial.id);  // its worker leaves them until the row is stored
  if (trial.duplicate_of) ++counts_.duplicates;
  if (trial.state == TrialState::completed && !history_.feasible(i)) ++counts_.infeasible;
  if (!deterministic()) fresh_.push_back(i);
  if (observer_ != nullptr) observer_->on_finished(trial, counts_);
  return {};
}

void copy_result(const Trial& original, Trial& duplicate) {
  duplicate.duplicate_of = original.id;
  duplicate.state = original.state == TrialState::paused ? TrialState::pruned : original.state;
  duplicate.reason = original.reason;
  duplicate.message = original.message;
  duplicate.budget_spent = original.budget_spent;
  duplicate.metrics = original.metrics;
  duplicate.details_json = original.details_json;
  duplicate.artifact_dir = original.artifact_dir;
}

Result<void> Loop::release_duplicates(const Trial& original) {
  const auto found = waiting_.find(original.id);
  if (found == waiting_.end()) return {};
  std::vector<Trial> duplicates = std::move(found->second);
  waiting_.erase(found);
  for (Trial& duplicate : duplicates) copy_result(original, duplicate);
  if (auto stored = store_.record_finished(coordinator_, duplicates); !stored) return stored;
  for (const Trial& duplicate : duplicates) {
    if (auto taken = take(duplicate); !taken) return taken;
  }
  return {};
}

bool Loop::over() const {
  if (!fresh_.empty() || stored_left_ || !replayed_.empty()) return false;
  if (cut_) return !deterministic() || settled_ == legs_.size() || !history_.finished(legs_.trial(settled_));
  if (counts_.unfinished() > 0 || (deterministic() && settled_ < legs_.size())) return false;
  return !reason_.empty() || !stop_rule_.allows(counts_.asked);
}

Result<void> Loop::close(Ending ending) {
  interrupted_ = ending == Ending::interrupted;
  for (; deterministic() && told_ < settled_; ++told_) {
    if (!legs_.is_idle(told_)) observe(legs_.trial(told_));
  }
  if (interrupted_) reason_ = "interrupted";
  end(stop_rule_.reached(clock_.seconds()));
  if (config_.stop.trials) end(fmt::format("trials={}", *config_.stop.trials));  // some of them paused
  if (auto ended = clock_.end(store_, coordinator_.study); !ended) return ended;
  if (observer_ != nullptr) observer_->on_search_ended(reason_, counts_);
  return {};
}

SearchOutcome Loop::outcome() const {
  SearchOutcome outcome{reason_, interrupted_, cut_, counts_, {}, front_.members()};
  const auto best = !front_.members().empty() ? std::optional(front_.members().front().trial) : incumbent_;
  if (best) {
    if (auto row = store_.trial(coordinator_.study, *best)) outcome.incumbent = std::move(*row);
  }
  return outcome;
}

}  // namespace nascent::core::search
