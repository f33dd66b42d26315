#include "verdicts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "nascent/core/seeds.hpp"

namespace nascent::core::search {

std::size_t ReportColumns::rows_before(TrialId trial) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(trial_, trial) - trial_.begin());
}

void ReportColumns::add(TrialId trial, double budget, std::span<const double> losses, std::uint32_t state) {
  std::size_t at = rows_before(trial + 1);
  while (at > 0 && trial_[at - 1] == trial && budget_[at - 1] > budget) --at;
  const auto row = static_cast<std::ptrdiff_t>(at);
  trial_.insert(trial_.begin() + row, trial);
  state_.insert(state_.begin() + row, state);
  budget_.insert(budget_.begin() + row, budget);
  losses_.insert(losses_.begin() + row * static_cast<std::ptrdiff_t>(n_objectives_), losses.begin(), losses.end());
  zeros_.resize(std::max(zeros_.size(), trial_.size()));
  accepted_.resize(zeros_.size());
}

void ReportColumns::remove(TrialId trial) {
  const auto first = static_cast<std::ptrdiff_t>(rows_before(trial));
  const auto last = static_cast<std::ptrdiff_t>(rows_before(trial + 1));
  const auto width = static_cast<std::ptrdiff_t>(n_objectives_);
  trial_.erase(trial_.begin() + first, trial_.begin() + last);
  state_.erase(state_.begin() + first, state_.begin() + last);
  budget_.erase(budget_.begin() + first, budget_.begin() + last);
  losses_.erase(losses_.begin() + first * width, losses_.begin() + last * width);
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
  return o;
}

Verdicts::Verdicts(Instance<nas_scheduler_vt> scheduler, const StudyConfig& config)
    : scheduler_(std::move(scheduler)),
      scoring_(config),
      deterministic_(config.deterministic),
      parallel_(config.parallel),
      history_(config.objectives.size()) {}

bool Verdicts::read(const Report& report, std::vector<double>& losses) {
  losses.resize(scoring_.n_objectives());
  const std::string_view missing = scoring_.losses(report.metrics, losses);
  if (!missing.empty() && !told_missing_) {
    told_missing_ = true;
    spdlog::warn("scheduler=unasked metric={} reason=\"reports while training do not hold it\"", missing);
  }
  return missing.empty();
}

Verdict Verdicts::decide(TrialId trial, std::span<const Report> reports) {
  const std::lock_guard lock(mutex_);
  ReportColumns own(scoring_.n_objectives());
  std::vector<double> losses;
  if (reports.empty() || !read(reports.back(), losses)) return Verdict::proceed;
  for (const Report& r : reports) {
    if (read(r, losses)) own.add(trial, r.budget, losses, NAS_TRIAL_PENDING);
  }
  history_.remove(trial);  // a trial is no example to itself; there are rows only in an asynchronous study
  const TrialId visible_before = trial >= parallel_ ? trial - parallel_ + 1 : 0;
  const nas_obs seen = history_.view(deterministic_ ? history_.rows_before(visible_before) : history_.size());
  const nas_obs asked = own.view(own.size());
  nas_verdict verdict{};
  const auto answer = scheduler_.call(&nas_scheduler_vt::decide, &seen, &asked, &verdict);
  for (std::size_t i = 0; !deterministic_ && i < own.size(); ++i) {
    history_.add(trial, asked.budget[i], {asked.values + i * losses.size(), losses.size()}, NAS_TRIAL_PENDING);
  }
  if (!answer) {
    if (!told_failing_) spdlog::error("scheduler=failing trial={} reason={}", trial, toml_text(answer.error().message));
    told_failing_ = true;
    return Verdict::proceed;
  }
  if (verdict.verdict == NAS_STOP) return Verdict::stop;
  return verdict.verdict == NAS_PAUSE ? Verdict::pause : Verdict::proceed;
}

void Verdicts::finished(TrialId trial, std::uint32_t state, std::span<const ReportRecord> reports) {
  const std::lock_guard lock(mutex_);
  if (const std::size_t at = history_.rows_before(trial); at < history_.rows_before(trial + 1)) {
    history_.set_state(trial, state);
    return;
  }
  std::vector<double> losses;
  for (const ReportRecord& r : reports) {
    if (read(r.report, losses)) history_.add(trial, r.report.budget, losses, state);
  }
}

nas_scheduler_arg scheduler_arg(const StudyConfig& config) {
  nas_scheduler_arg arg{};
  arg.size = sizeof arg;
  arg.n_objectives = static_cast<std::uint32_t>(config.objectives.size());
  arg.parallel = config.parallel;
  arg.budget = {static_cast<std::uint32_t>(config.budget.unit), 0, 0, config.budget.amount};
  arg.seed = study_seed(config.seed, SeedPart::scheduler);
  return arg;
}

}  // namespace nascent::core::search
