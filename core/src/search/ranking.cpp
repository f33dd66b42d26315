#include "nascent/core/ranking.hpp"

#include <algorithm>
#include <cmath>

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

std::vector<Trial> best_first(const Scoring& scoring, std::vector<Trial> trials) {
  struct Ranked {
    std::size_t index;
    std::size_t front = 0;
    std::vector<double> losses;
  };
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Trial& t = trials[i];
    std::vector<double> losses(scoring.n_objectives()), violations(scoring.n_constraints());
    if (t.state != TrialState::completed || t.duplicate_of) continue;
    if (!scoring.losses(t.metrics, losses).empty() || !scoring.violations(t.metrics, violations).empty()) continue;
    if (std::ranges::any_of(violations, [](double v) { return v > 0; })) continue;
    ranked.push_back({i, 0, std::move(losses)});
  }
  // A trial's front is one behind the last front that dominates it; in lexicographic order dominators come first.
  if (scoring.n_objectives() > 1) {
    std::ranges::stable_sort(ranked, {}, [](const Ranked& r) { return r.losses; });
    for (std::size_t i = 0; i < ranked.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (dominates(ranked[j].losses, ranked[i].losses)) {
          ranked[i].front = std::max(ranked[i].front, ranked[j].front + 1);
        }
      }
    }
  }
  std::ranges::stable_sort(ranked, [&](const Ranked& a, const Ranked& b) {
    if (a.front != b.front) return a.front < b.front;
    if (a.losses != b.losses) return a.losses < b.losses;
    return trials[a.index].id < trials[b.index].id;
  });
  std::vector<Trial> best;
  for (const Ranked& r : ranked) best.push_back(std::move(trials[r.index]));
  return best;
}

}  // namespace nascent::core
