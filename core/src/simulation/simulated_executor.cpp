#include "simulated_executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nascent/rng.hpp>

#include "nascent/core/ranking.hpp"

namespace nascent::core::simulation {
namespace {

constexpr double kNoExpiry = 1e9;            // real seconds; who is lost is decided here
constexpr double kLeaseLook = 1;             // virtual seconds between two looks for expired leases
constexpr std::uint64_t kStream = 0x51D0000; // of the study's random numbers
// Streams of a trial's numbers; attempts have their own behind them.
constexpr std::uint32_t kDuration = 0, kFirstAttempt = 1;

}  // namespace

SimulatedExecutor::SimulatedExecutor(const Setup& setup)
    : setup_(setup),
      store_(*setup.store),
      coordinator_(setup.coordinator),
      curves_(*setup.curves),
      config_(*setup.config),
      costs_(setup.costs),
      seed_(nascent::derive_seed(config_.seed, kStream)),
      workers_(setup.workers) {
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    workers_[w].name = std::to_string(w + 1) + "@simulation";
    idle_.push_back(w);
  }
}

template <class Call>
auto SimulatedExecutor::serve(Call&& call) -> decltype(call()) {
  const auto start = Clock::now();
  auto answer = call();
  charge(Clock::now() - start);
  return answer;
}

void SimulatedExecutor::charge(Clock::duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  doings_.coordinator_seconds += seconds;
  if (setup_.time.kind != CoordinatorTime::Kind::measured) return;
  now_ += seconds;
  doings_.virtual_coordinator_seconds += seconds;
}

Result<void> SimulatedExecutor::start() {
  left_ = Clock::now();
  return {};
}

Result<void> SimulatedExecutor::submit(const Trial& queued) {
  // As workers_executor() does, which cannot know whether somebody has the trial already.
  if (auto row = store_.trial(coordinator_.study, queued.id); !row) return tl::unexpected<Error>(row.error());
  ++queued_;
  return {};
}

Result<std::vector<Trial>> SimulatedExecutor::next(std::chrono::milliseconds) {
  charge(Clock::now() - left_);
  while (!stopped_) {
    if (auto handed = hand_out(); !handed) return tl::unexpected<Error>(handed.error());
    if (!done_.empty() || events_.empty()) break;
    if (config_.stop.wall_seconds && std::max(events_.top().at, now_) >= *config_.stop.wall_seconds) {
      now_ = std::max(now_, *config_.stop.wall_seconds);
      break;
    }
    if (auto turned = turn(); !turned) return tl::unexpected<Error>(turned.error());
  }
  if (stopped_ && !let_go_) {
    if (auto let = let_go(); !let) return tl::unexpected<Error>(let.error());
  }
  if (setup_.time.kind == CoordinatorTime::Kind::fixed) {
    const double seconds = setup_.time.seconds_per_trial * static_cast<double>(done_.size());
    now_ += seconds;
    doings_.virtual_coordinator_seconds += seconds;
  }
  left_ = Clock::now();
  return std::exchange(done_, {});
}

// Everything that has come while the coordinator was busy; or else the next thing, for which it waits.
Result<void> SimulatedExecutor::turn() {
  now_ = std::max(now_, events_.top().at);
  const double until = now_;
  while (!events_.empty() && events_.top().at <= until) {
    const Event event = events_.top();
    events_.pop();
    if (auto attended = attend(event.worker, event.at); !attended) return attended;
    // A worker that is free takes what is queued, whatever the coordinator does.
    if (auto handed = hand_out(); !handed) return handed;
  }
  if (auto given = give_verdicts(); !given) return given;
  if (now_ - lease_look_ >= kLeaseLook) {
    lease_look_ = now_;
    const auto expired = serve([&] { return store_.expired_leases(coordinator_.study); });
    if (!expired) return tl::unexpected<Error>(expired.error());
  }
  return collect();
}

Result<void> SimulatedExecutor::hand_out() {
  while (queued_ > 0 && !idle_.empty()) {
    const std::size_t w = idle_.front();
    auto leased = serve([&] { return store_.lease(coordinator_.study, workers_[w].name, kNoExpiry, TrialRole::search); });
    if (!leased) return tl::unexpected<Error>(leased.error());
    if (!*leased) return fail(ErrorKind::store, "a queued trial is not in the store; it was changed by somebody else");
    --queued_;
    idle_.pop_front();
    if (auto begun = begin(w, std::move(**leased)); !begun) return begun;
  }
  return {};
}

Result<void> SimulatedExecutor::begin(std::size_t worker, Store::LeasedTrial leased) {
  Attempt& attempt = workers_[worker].attempt.emplace();
  attempt.lease = leased.lease;
  attempt.trial = std::move(leased.trial);
  const TrialId id = attempt.trial.id;
  attempt.curve = curves_.of(attempt.trial);
  attempt.seconds = attempt.curve.seconds;
  if (attempt.seconds.empty()) {
    nascent::Rng rng(seed_, id, kDuration);
    const double whole = costs_.seconds * std::exp(costs_.spread * rng.normal() - 0.5 * costs_.spread * costs_.spread);
    for (const Report& point : attempt.curve.points) attempt.seconds.push_back(whole * point.budget / config_.budget.amount);
  }
  const auto past = past_.find(id);
  if (past != past_.end()) attempt.next = past->second.points;
  const double behind = attempt.next > 0 ? attempt.seconds[attempt.next - 1] : 0;

  nascent::Rng rng(seed_, id, kFirstAttempt + attempt.lease.attempt);
  const double straggles = rng.uniform(), is_lost = rng.uniform(), lost_after = rng.uniform();
  if (straggles < costs_.stragglers) {
    attempt.factor = costs_.straggler_factor;
    ++doings_.straggling_attempts;
  }
  const double ahead = (attempt.seconds.back() - behind) * attempt.factor;
  if (is_lost < costs_.failures) attempt.lost_at = lost_after * ahead;
  attempt.timed_out_at = config_.workers.trial_seconds_max.value_or(kNever);
  attempt.beats_at = costs_.lease_seconds / 3;
  ++doings_.attempts;
  for (std::size_t p = 0; setup_.reports && p < attempt.next; ++p) {  // what it continues
    const auto receipt = serve([&] { return store_.report(attempt.lease, attempt.curve.points[p], VerdictWanted::no); });
    if (!receipt) return tl::unexpected<Error>(receipt.error());
  }
  if (past == past_.end() || past->second.losses == 0) doings_.last_start = now_;
  attempt.at = now_;
  train_on(worker);
  return {};
}

void SimulatedExecutor::train_on(std::size_t worker) {
  Worker& w = workers_[worker];
  const Attempt& a = *w.attempt;
  const double behind = a.next > 0 ? a.seconds[a.next - 1] : 0;
  const double here = a.next < a.seconds.size() ? a.seconds[a.next] : behind;
  double trains = (here - behind) * a.factor;
  w.happens = Happens::point;
  if (a.trained + trains > a.timed_out_at) {
    w.happens = Happens::timed_out;
    trains = a.timed_out_at - a.trained;
  }
  if (a.trained + trains > a.lost_at) {
    w.happens = Happens::lost;
    trains = a.lost_at - a.trained;
  }
  events_.push({a.at + trains, order_++, worker});
}

Result<void> SimulatedExecutor::attend(std::size_t worker, double at) {
  Worker& w = workers_[worker];
  if (w.happens == Happens::noticed) return bury(worker);
  Attempt& a = *w.attempt;
  a.trained += at - a.at;
  if (at > a.at) doings_.trainings.emplace_back(a.at, at);
  for (; a.beats_at <= a.trained; a.beats_at += costs_.lease_seconds / 3) {
    const auto beat = serve([&] { return store_.heartbeat(a.lease, kNoExpiry); });
    if (!beat) return tl::unexpected<Error>(beat.error());
  }
  switch (w.happens) {
    case Happens::lost:
      ++doings_.lost_attempts;
      doings_.lost_seconds += a.trained;
      w.happens = Happens::noticed;
      events_.push({at + costs_.lease_seconds, order_++, worker});
      return {};
    case Happens::timed_out:
      ++doings_.timed_out;
      a.trial.reason = FailureReason::timed_out;
      a.trial.message = fmt::format("ran longer than workers.trial_seconds_max = {:g} s", a.timed_out_at);
      return finish(worker, TrialState::failed);
    default:
      return reach_point(worker);
  }
}

Result<void> SimulatedExecutor::reach_point(std::size_t worker) {
  Attempt& a = *workers_[worker].attempt;
  if (a.next >= a.curve.points.size()) return finish(worker, a.curve.end);  // promoted, and nothing more to train
  const bool is_result = a.next + 1 == a.curve.points.size() && a.curve.end != TrialState::completed;
  if (is_result) {
    ++a.next;
    return finish(worker, a.curve.end);
  }
  const Report& report = a.curve.points[a.next++];
  if (!setup_.reports) return go_on(worker, Verdict::proceed);
  const auto receipt = serve([&] { return store_.report(a.lease, report, decide_ ? VerdictWanted::yes : VerdictWanted::no); });
  if (!receipt) return tl::unexpected<Error>(receipt.error());
  a.report = receipt->number;
  if (!decide_) return go_on(worker, Verdict::proceed);
  waiting_.push_back(worker);
  return {};
}

Result<void> SimulatedExecutor::give_verdicts() {
  if (waiting_.empty()) return {};
  const auto waiting = serve([&] { return store_.reports_awaiting_verdict(coordinator_.study); });
  if (!waiting) return tl::unexpected<Error>(waiting.error());
  std::vector<GivenVerdict> given;
  for (const ReportRecord& asked : *waiting) {
    const auto verdict = serve([&]() -> Result<Verdict> {
      const auto records = store_.reports(coordinator_.study, asked.trial);
      if (!records) return tl::unexpected<Error>(records.error());
      std::vector<Report> reports;
      for (const ReportRecord& record : *records) {
        if (record.attempt == asked.attempt && record.number <= asked.number) reports.push_back(record.report);
      }
      return decide_(asked.trial, reports);
    });
    if (!verdict) return tl::unexpected<Error>(verdict.error());
    given.push_back({asked, *verdict});
  }
  if (auto set = serve([&] { return store_.set_verdicts(coordinator_, given); }); !set) return set;
  for (const std::size_t worker : std::exchange(waiting_, {})) {
    const Attempt& a = *workers_[worker].attempt;
    const auto verdict = serve([&] { return store_.verdict(a.lease, a.report); });
    if (!verdict) return tl::unexpected<Error>(verdict.error());
    if (!*verdict) return fail(ErrorKind::store, fmt::format("trial {} got no verdict", a.trial.id));
    if (auto gone_on = go_on(worker, **verdict); !gone_on) return gone_on;
  }
  return {};
}

Result<void> SimulatedExecutor::go_on(std::size_t worker, Verdict verdict) {
  Attempt& a = *workers_[worker].attempt;
  if (verdict == Verdict::pause) return finish(worker, TrialState::paused);
  if (verdict == Verdict::stop) return finish(worker, TrialState::pruned);
  if (a.next == a.curve.points.size()) return finish(worker, TrialState::completed);
  a.at = now_;
  train_on(worker);
  return {};
}

Result<void> SimulatedExecutor::finish(std::size_t worker, TrialState state) {
  Attempt& a = *workers_[worker].attempt;
  Trial result = std::move(a.trial);
  result.state = state;
  const Report* newest = a.next > 0 ? &a.curve.points[a.next - 1] : nullptr;
  result.budget_spent = newest != nullptr ? newest->budget : 0;
  result.metrics.clear();
  if (state == TrialState::completed || state == TrialState::pruned || state == TrialState::paused) result.metrics = newest->metrics;
  if (result.reason == FailureReason::none && (state == TrialState::failed || state == TrialState::invalid)) {
    result.reason = a.curve.reason;
    result.message = a.curve.message;
  }
  result.cost_seconds += a.trained;
  if (state == TrialState::paused) past_[result.id].points = a.next;
  const auto ended = serve([&] { return store_.finish(a.lease, result); });
  if (!ended) return tl::unexpected<Error>(ended.error());
  landed_ = true;
  workers_[worker].attempt.reset();
  idle_.push_back(worker);
  return {};
}

// The silence of a lost worker was noticed: its trial is tried again while it may be, and another worker comes.
Result<void> SimulatedExecutor::bury(std::size_t worker) {
  const std::string message = fmt::format("worker {} was silent for {:g} s", workers_[worker].name, costs_.lease_seconds);
  Attempt& a = *workers_[worker].attempt;
  Past& past = past_[a.trial.id];
  workers_[worker].happens = Happens::point;
  if (past.losses++ >= config_.workers.retries[FailureReason::lost]) {
    a.trial.reason = FailureReason::lost;
    a.trial.message = past.losses > 1 ? fmt::format("{} (attempt {})", message, past.losses) : message;
    return finish(worker, TrialState::failed);
  }
  const auto queued = serve([&] { return store_.requeue(coordinator_, a.lease, FailureReason::lost, message); });
  if (!queued) return tl::unexpected<Error>(queued.error());
  ++queued_;
  workers_[worker].attempt.reset();
  idle_.push_back(worker);
  return {};
}

Result<void> SimulatedExecutor::collect() {
  if (!std::exchange(landed_, false)) return {};
  auto finished = serve([&] { return store_.finished_since(coordinator_.study, cursor_); });
  if (!finished) return tl::unexpected<Error>(finished.error());
  cursor_ = finished->cursor;
  for (Trial& trial : finished->trials) {
    if (trial.attempts == 0) continue;  // the search's own: nobody trained it
    note(trial);
    done_.push_back(std::move(trial));
  }
  return {};
}

void SimulatedExecutor::note(const Trial& landed) {
  if (landed.state == TrialState::paused) return;
  ++doings_.landed;
  doings_.landings.push_back(now_);
  const Objective& objective = config_.objectives.front();
  const auto value = metric(landed.metrics, objective.metric);
  const bool counts = config_.objectives.size() == 1 && landed.state == TrialState::completed && value && std::isfinite(*value) &&
                      !Scoring(config_).is_infeasible(landed);
  if (!counts) return;
  if (!doings_.best.empty() && loss_of(objective, *value) >= loss_of(objective, doings_.best.back().value)) return;
  doings_.best.push_back({now_, doings_.landed, *value});
}

// Interrupted, or out of virtual time: what trains goes back to the queue.
Result<void> SimulatedExecutor::let_go() {
  let_go_ = true;
  for (Worker& worker : workers_) {
    if (!worker.attempt) continue;
    Attempt& a = *worker.attempt;
    const double until = std::min(now_, config_.stop.wall_seconds.value_or(now_));
    if (worker.happens != Happens::noticed && until > a.at) doings_.trainings.emplace_back(a.at, until);
    if (auto queued = store_.requeue(coordinator_, a.lease, FailureReason::none, "interrupted"); !queued) return tl::unexpected<Error>(queued.error());
    worker.attempt.reset();
  }
  return collect();
}

Result<std::vector<Metric>> SimulatedExecutor::evaluate_test(TrialId) {
  return fail(ErrorKind::invalid_input, "a simulated study has no model to test");
}

}  // namespace nascent::core::simulation
