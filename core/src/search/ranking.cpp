#include "nascent/core/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <compare>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

namespace nascent::core {
namespace {

// The metric when it is there and finite.
const double* usable(std::span<const Metric> metrics, std::string_view name) {
  for (const Metric& m : metrics) {
    if (m.name == name) return std::isfinite(m.value) ? &m.value : nullptr;
  }
  return nullptr;
}

}  // namespace

std::optional<double> metric(std::span<const Metric> metrics, std::string_view name) {
  for (const Metric& m : metrics) {
    if (m.name == name) return m.value;
  }
  return std::nullopt;
}

std::string_view Scoring::losses(std::span<const Metric> metrics, std::span<double> out) const {
  for (std::size_t i = 0; i < objectives_.size(); ++i) {
    const double* value = usable(metrics, objectives_[i].metric);
    if (value == nullptr) return objectives_[i].metric;
    out[i] = loss_of(objectives_[i], *value);
  }
  return {};
}

std::string_view Scoring::violations(std::span<const Metric> metrics, std::span<double> out) const {
  std::string_view unusable;
  for (std::size_t i = 0; i < constraints_.size(); ++i) {
    const Constraint& c = constraints_[i];
    const double* value = usable(metrics, c.metric);
    if (value == nullptr) {
      out[i] = 0;
      if (unusable.empty()) unusable = c.metric;
      continue;
    }
    out[i] = c.max ? *value - *c.max : *c.min - *value;
    if (c.max && c.min) out[i] = std::max(out[i], *c.min - *value);
  }
  return unusable;
}

bool Scoring::is_infeasible(const Trial& trial) const {
  std::vector<double> distances(n_constraints());
  return trial.state == TrialState::completed && violations(trial.metrics, distances).empty() &&
         std::ranges::any_of(distances, [](double d) { return d > 0; });
}

bool dominates(std::span<const double> a, std::span<const double> b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

bool ParetoFront::add(TrialId trial, std::span<const double> losses) {
  for (const Member& m : members_) {
    if (std::ranges::equal(m.losses, losses) || dominates(m.losses, losses)) return false;
  }
  std::erase_if(members_, [&](const Member& m) { return dominates(losses, m.losses); });
  const auto at = std::ranges::lower_bound(members_, trial, {}, &Member::trial);
  members_.insert(at, {trial, {losses.begin(), losses.end()}});
  return true;
}

Ranking::Ranking(const Scoring& scoring)
    : scoring_(scoring), measured_(scoring.n_objectives()), broken_(scoring.n_constraints()) {}

void Ranking::add(const Trial& trial) {
  if (trial.state != TrialState::completed || trial.duplicate_of) return;
  if (!scoring_.losses(trial.metrics, measured_).empty() || !scoring_.violations(trial.metrics, broken_).empty()) return;
  if (std::ranges::any_of(broken_, [](double v) { return v > 0; })) return;
  trial_.push_back(trial.id);
  losses_.insert(losses_.end(), measured_.begin(), measured_.end());
}

// Lexicographic order: whoever dominates another comes before it.
Ranking::Places Ranking::sorted(std::size_t n) const {
  Places places(size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    const auto order = std::lexicographical_compare_three_way(of(a).begin(), of(a).end(), of(b).begin(), of(b).end());
    return order != 0 ? order < 0 : trial_[a] < trial_[b];
  };
  if (n < places.size()) {
    std::ranges::nth_element(places, places.begin() + static_cast<std::ptrdiff_t>(n), before);
    places.resize(n);
  }
  std::ranges::sort(places, before);
  return places;
}

Ranking::Places Ranking::take_front(Places& places) const {
  Places front, rest;
  std::size_t lowest = 0;  // of two objectives: whoever has the least second loss so far, the first of them
  const auto is_dominated = [&](std::size_t place) {
    if (front.empty()) return false;
    if (scoring_.n_objectives() == 2) return dominates(of(lowest), of(place));
    return std::ranges::any_of(front, [&](std::size_t member) { return dominates(of(member), of(place)); });
  };
  for (const std::size_t place : places) {
    if (is_dominated(place)) {
      rest.push_back(place);
      continue;
    }
    if (front.empty() || of(place).back() < of(lowest).back()) lowest = place;
    front.push_back(place);
  }
  places = std::move(rest);
  return front;
}

std::vector<TrialId> Ranking::best(std::size_t top) const {
  const bool one = scoring_.n_objectives() == 1;
  Places left = sorted(one ? top : size()), best;
  if (one) best.swap(left);
  while (!left.empty() && best.size() < top) std::ranges::copy(take_front(left), std::back_inserter(best));
  std::vector<TrialId> trials;
  for (std::size_t k = 0; k < std::min(top, best.size()); ++k) trials.push_back(trial_[best[k]]);
  return trials;
}

std::vector<TrialId> Ranking::front() const {
  Places left = sorted(size());
  std::vector<TrialId> trials;
  std::optional<std::size_t> last;
  for (const std::size_t place : take_front(left)) {
    if (!last || !std::ranges::equal(of(*last), of(place))) trials.push_back(trial_[place]);
    last = place;
  }
  return trials;
}

}  // namespace nascent::core
