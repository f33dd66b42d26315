#include "verdicts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "nascent/core/seeds.hpp"

namespace nascent::core::search {

std::size_t ReportColumns::rows_before(TrialId trial) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(trial_, trial) - trial_.begin());
}

void ReportColumns::add(TrialId trial, Leg leg, double budget, std::span<const double> losses, std::uint32_t state) {
  std::size_t at = rows_before(trial + 1);
  while (at > 0 && trial_[at - 1] == trial && budget_[at - 1] > budget) --at;
  const auto row = static_cast<std::ptrdiff_t>(at);
  trial_.insert(trial_.begin() + row, trial);
  leg_.insert(leg_.begin() + row, leg);
  state_.insert(state_.begin() + row, state);
  budget_.insert(budget_.begin() + row, budget);
  losses_.insert(losses_.begin() + row * static_cast<std::ptrdiff_t>(n_objectives_), losses.begin(), losses.end());
  zeros_.resize(std::max(zeros_.size(), trial_.size()));
  accepted_.resize(zeros_.size());
  if (!has_births()) return;
  parent_.insert(parent_.begin() + row, at > 0 && trial_[at - 1] == trial ? parent_[at - 1] : NAS_NO_TRIAL);
}

void ReportColumns::add_birth(TrialId trial, Leg leg, const Birth& birth) {
  add(trial, leg, birth.budget, birth.losses, NAS_TRIAL_PENDING);
  parent_.resize(trial_.size(), NAS_NO_TRIAL);
  parent_[rows_before(trial)] = birth.parent;
}

Birth ReportColumns::birth(std::size_t row) const {
  const std::span<const double> values = losses(row);
  return {parent_[row], budget_[row], {values.begin(), values.end()}};
}

void ReportColumns::remove(TrialId trial) {
  const auto first = static_cast<std::ptrdiff_t>(rows_before(trial));
  const auto last = static_cast<std::ptrdiff_t>(rows_before(trial + 1));
  const auto width = static_cast<std::ptrdiff_t>(n_objectives_);
  trial_.erase(trial_.begin() + first, trial_.begin() + last);
  leg_.erase(leg_.begin() + first, leg_.begin() + last);
  state_.erase(state_.begin() + first, state_.begin() + last);
  budget_.erase(budget_.begin() + first, budget_.begin() + last);
  losses_.erase(losses_.begin() + first * width, losses_.begin() + last * width);
  if (has_births()) parent_.erase(parent_.begin() + first, parent_.begin() + last);
}

void ReportColumns::set_state(TrialId trial, std::uint32_t state) {
  for (std::size_t i = rows_before(trial); i < trial_.size() && trial_[i] == trial; ++i) state_[i] = state;
}

nas_obs ReportColumns::view(std::size_t n) const {
  nas_obs o{};
  o.size = sizeof o;
  o.n_objectives = static_cast<std::uint32_t>(n_objectives_);
  o.n = n;
  o.trial_id = trial_.data();
  o.state = state_.data();
  o.budget = budget_.data();
  o.values = losses_.data();
  o.constraints = o.cost_seconds = zeros_.data();
  o.accepted = accepted_.data();
  o.parent = has_births() ? parent_.data() : nullptr;
  return o;
}

Verdicts::Verdicts(Instance<nas_scheduler_vt> scheduler, const StudyConfig& config, const Legs& legs)
    : scheduler_(std::move(scheduler)),
      population_(scheduler_.extension<nas_scheduler_population>(NAS_SCHEDULER_POPULATION)),
      scoring_(config),
      deterministic_(config.deterministic),
      legs_(legs),
      history_(config.objectives.size()),
      seen_(config.objectives.size()) {}

bool Verdicts::read(const Report& report, std::vector<double>& losses) {
  losses.resize(scoring_.n_objectives());
  const std::string_view missing = scoring_.losses(report.metrics, losses);
  if (!missing.empty() && !told_missing_) {
    told_missing_ = true;
    spdlog::warn("scheduler=unasked metric={} reason=\"reports while training do not hold it\"", missing);
  }
  return missing.empty();
}

// As it stands for whoever decides about `leg`: of a trial whose newest row is of `last_row`.
std::uint32_t Verdicts::state_seen_by(Leg leg, Leg last_row) const {
  const Leg unseen = legs_.seen_by(leg);
  Leg last = last_row;
  while (legs_.next(last) < unseen) last = legs_.next(last);  // legs that brought no report
  if (legs_.next(last) < leg) return NAS_TRIAL_PENDING;
  const auto given_up = given_up_.find(last);
  return given_up != given_up_.end() && given_up->second <= leg ? NAS_TRIAL_PRUNED : outcome_[last];
}

nas_obs Verdicts::seen_by(Leg leg, std::optional<TrialId> without) {
  if (!deterministic_) return history_.view(history_.size());
  const Leg unseen = legs_.seen_by(leg);
  if (legs_.are_trials() && given_up_.empty() && !history_.has_births()) {  // a prefix
    std::size_t n = history_.size();
    while (n > 0 && history_.leg(n - 1) >= unseen) --n;
    return history_.view(n);
  }
  seen_ = ReportColumns(scoring_.n_objectives());
  for (std::size_t row = 0; row < history_.size(); ++row) {
    const bool is_birth = history_.is_birth(row);
    if (history_.leg(row) >= (is_birth ? leg : unseen) || history_.trial(row) == without) continue;
    const bool last = row + 1 == history_.size() || history_.trial(row + 1) != history_.trial(row) || history_.leg(row + 1) >= unseen;
    if (is_birth) {
      seen_.add_birth(history_.trial(row), history_.leg(row), history_.birth(row));
    } else {
      seen_.add(history_.trial(row), history_.leg(row), history_.budget(row), history_.losses(row), NAS_TRIAL_PENDING);
    }
    if (last && history_.leg(row) < unseen) seen_.set_state(history_.trial(row), state_seen_by(leg, history_.leg(row)));
  }
  return seen_.view(seen_.size());
}

void Verdicts::complain(TrialId trial, std::string_view why) {
  if (!std::exchange(told_failing_, true)) spdlog::error("scheduler=failing trial={} reason={}", trial, toml_text(why));
}

Verdict Verdicts::decide(TrialId trial, Leg leg, std::span<const Report> reports) {
  const std::lock_guard lock(mutex_);
  ReportColumns own(scoring_.n_objectives());
  std::vector<double> losses;
  if (reports.empty() || !read(reports.back(), losses)) return Verdict::proceed;
  std::optional<Birth> birth;
  if (const std::size_t first = history_.rows_before(trial); first < history_.rows_before(trial + 1) && history_.is_birth(first)) {
    birth = history_.birth(first);
    own.add_birth(trial, leg, *birth);
  }
  for (const Report& r : reports) {
    if (read(r, losses)) own.add(trial, leg, r.budget, losses, NAS_TRIAL_PENDING);
  }
  if (!deterministic_) history_.remove(trial);
  const nas_obs seen = seen_by(leg, trial);
  const nas_obs asked = own.view(own.size());
  nas_verdict verdict{};
  const auto answer = scheduler_.call(&nas_scheduler_vt::decide, &seen, &asked, &verdict);
  if (!deterministic_ && birth) history_.add_birth(trial, leg, *birth);
  for (std::size_t i = birth ? 1 : 0; !deterministic_ && i < own.size(); ++i) {
    history_.add(trial, leg, own.budget(i), own.losses(i), NAS_TRIAL_PENDING);
  }
  if (!answer) {
    complain(trial, answer.error().message);
    return Verdict::proceed;
  }
  if (verdict.verdict == NAS_STOP) return Verdict::stop;
  return verdict.verdict == NAS_PAUSE ? Verdict::pause : Verdict::proceed;
}

void Verdicts::ended(TrialId trial, Leg leg, const Outcome& outcome, std::span<const ReportRecord> reports) {
  const std::lock_guard lock(mutex_);
  const std::size_t first = history_.rows_before(trial), end = history_.rows_before(trial + 1);
  const double budget = first < end ? history_.budget(end - 1) : -1;
  std::vector<double> losses;
  for (const ReportRecord& r : reports) {
    if (r.report.budget > budget && read(r.report, losses)) history_.add(trial, leg, r.report.budget, losses, outcome.state);
  }
  // Every trial that has ended is seen, also without a report.
  if (history_.rows_before(trial + 1) == first) history_.add(trial, leg, outcome.budget, outcome.losses, outcome.state);
  history_.set_state(trial, outcome.state);
  if (!deterministic_) return;
  outcome_.resize(std::max(outcome_.size(), leg + 1), NAS_TRIAL_PENDING);
  outcome_[leg] = outcome.state;
}

void Verdicts::promoted(TrialId trial) {
  const std::lock_guard lock(mutex_);
  if (!deterministic_) history_.set_state(trial, NAS_TRIAL_PENDING);
}

void Verdicts::given_up(TrialId trial, Leg paused, Leg next) {
  const std::lock_guard lock(mutex_);
  if (deterministic_) {
    given_up_[paused] = next;
  } else {
    history_.set_state(trial, NAS_TRIAL_PRUNED);
  }
}

void Verdicts::forked(TrialId child, Leg leg, const Birth& birth) {
  const std::lock_guard lock(mutex_);
  history_.add_birth(child, leg, birth);
}

Verdicts::Due Verdicts::due(Leg next, std::size_t n) {
  constexpr std::size_t kAnswersMore = 256;  // to give up; what finds no place comes with the next leg
  const std::lock_guard lock(mutex_);
  const nas_obs seen = seen_by(next, std::nullopt);
  const auto rows = std::span(seen.trial_id, seen.n);
  // A child that cannot begin does not keep others from going on.
  const std::size_t more = population_ == nullptr ? 0 : 2 * rows.size();
  std::vector<nas_verdict> answers(n + kAnswersMore + more);
  std::size_t filled = 0;
  const auto answer = scheduler_.call(&nas_scheduler_vt::poll, &seen, answers.data(), answers.size(), &filled);
  if (!answer) {
    complain(0, answer.error().message);
    return {};
  }
  Due due;
  std::set<TrialId> named;  // which are given up or promoted
  for (std::size_t k = 0; k < std::min(filled, answers.size()); ++k) {
    const TrialId trial = answers[k].trial_id;
    const bool forks = answers[k].verdict == NAS_FORK;
    const auto row = std::ranges::lower_bound(rows, trial);
    if (row == rows.end() || *row != trial || seen.state[row - rows.begin()] != NAS_TRIAL_PAUSED) {
      complain(trial, "it promotes, forks or gives up a trial that is not paused");
    } else if (forks && population_ == nullptr) {
      complain(trial, "it forks a trial and does not offer " NAS_SCHEDULER_POPULATION);
    } else if (forks ? named.contains(trial) : !named.insert(trial).second) {
      continue;
    } else if (answers[k].verdict == NAS_STOP) {
      due.given_up.push_back(trial);
    } else {
      due.legs.push_back({trial, forks});
    }
  }
  return due;
}

std::uint64_t Verdicts::admits(Leg next, std::uint64_t n_begun) {
  const std::lock_guard lock(mutex_);
  const nas_obs seen = seen_by(next, std::nullopt);
  std::uint64_t n = 0;
  nas_error error{};
  const nas_status status = population_->admits(scheduler_.self(), &seen, n_begun, &n, &error);
  if (status == NAS_OK) return n;
  complain(0, plugin_error(scheduler_.component(), status, error).message);
  return std::numeric_limits<std::uint64_t>::max();
}

Result<Configuration> Verdicts::explore(TrialId child, std::span<const double> x, std::span<const std::uint8_t> active) {
  const std::lock_guard lock(mutex_);
  Configuration explored{std::vector<double>(x.size()), std::vector<std::uint8_t>(x.size())};
  nas_error error{};
  const nas_status status =
      population_->explore(scheduler_.self(), child, x.data(), active.data(), explored.x.data(), explored.active.data(), &error);
  if (status != NAS_OK) return tl::unexpected<Error>(plugin_error(scheduler_.component(), status, error));
  return explored;
}

ReportColumns Verdicts::reports_above(TrialId trial, double budget) {
  const std::lock_guard lock(mutex_);
  ReportColumns above(scoring_.n_objectives());
  const std::size_t end = history_.rows_before(trial + 1);
  for (std::size_t row = history_.rows_before(trial); row < end; ++row) {
    if (history_.budget(row) > budget && !history_.is_birth(row)) above.add(trial, history_.leg(row), history_.budget(row), history_.losses(row), NAS_TRIAL_PENDING);
  }
  return above;
}

nas_budget full_budget(const StudyConfig& config) {
  return {static_cast<std::uint32_t>(config.budget.unit), 0, 0, config.budget.amount};
}

bool keeps_population(const Instance<nas_scheduler_vt>& scheduler) {
  return scheduler.extension<nas_scheduler_population>(NAS_SCHEDULER_POPULATION) != nullptr;
}

nas_scheduler_arg scheduler_arg(const StudyConfig& config, const StudySpace* space) {
  nas_scheduler_arg arg{};
  arg.size = sizeof arg;
  arg.n_objectives = static_cast<std::uint32_t>(config.objectives.size());
  arg.parallel = config.parallel;
  arg.budget = full_budget(config);
  arg.seed = study_seed(config.seed, SeedPart::scheduler);
  if (space == nullptr) return arg;
  arg.space = space->view();
  arg.n_architecture_params = static_cast<std::uint32_t>(space->n_space_parameters());
  return arg;
}

}  // namespace nascent::core::search
