#include "learning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace nascent::samplers {
namespace {

constexpr std::size_t kNeighbours = 5;
constexpr std::size_t kLevelsMax = 32;
constexpr std::size_t kTrialsKept = 1000;

bool finite(std::span<const double> values) {
  return !values.empty() && std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// What trials gained from a level to their end: (value at the level, gain), sorted.
using Gains = std::vector<std::pair<double, double>>;

// The median gain of those nearest to `value`.
double gain_near(const Gains& gains, double value) {
  auto first = std::ranges::lower_bound(gains, value, {}, &std::pair<double, double>::first);
  auto last = first;
  std::vector<double> nearest;
  while (nearest.size() < std::min(kNeighbours, gains.size())) {
    const bool below = last == gains.end() || (first != gains.begin() && value - (first - 1)->first <= last->first - value);
    nearest.push_back(below ? (--first)->second : (last++)->second);
  }
  return median(std::move(nearest));
}

}  // namespace

std::span<const double> Learning::Trial::value_at(double budget, std::size_t n_objectives) const {
  const auto row = static_cast<std::size_t>(std::ranges::lower_bound(budgets, budget) - budgets.begin());
  return std::span(values).subspan(row * n_objectives, n_objectives);
}

// Of a long history the best quarter stays, and the newest of the others.
void Learning::forget() {
  if (trials_.size() < 2 * kTrialsKept) return;
  std::vector<std::pair<double, std::uint64_t>> by_value;
  for (const Foreseen& f : foreseen()) {
    if (!f.values.empty()) by_value.emplace_back(f.values.front(), f.trial_id);
  }
  std::ranges::sort(by_value);
  by_value.resize(std::min(by_value.size(), kTrialsKept / 4));
  std::set<std::uint64_t> best;
  for (const auto& [value, id] : by_value) best.insert(id);
  std::size_t others = trials_.size() - best.size();
  std::erase_if(trials_, [&](const auto& trial) { return !best.contains(trial.first) && others-- > kTrialsKept - best.size(); });
}

void Learning::report(const Observation& report) {
  n_objectives_ = report.values().size();
  forget();
  Trial& trial = trials_[report.trial_id()];
  if (trial.budgets.empty()) trial.at = Point(report.at());
  trial.budgets.push_back(report.budget());
  trial.values.insert(trial.values.end(), report.values().begin(), report.values().end());
}

void Learning::end(const Observation& observation) {
  forget();
  Trial& trial = trials_[observation.trial_id()];
  trial.at = Point(observation.at());
  trial.failed = !observation.has_values() || !finite(observation.values());
  if (trial.failed) return;
  n_objectives_ = observation.values().size();
  const std::vector<double> values(observation.values().begin(), observation.values().end());
  if (observation.completed()) {
    trial.end = values;
    trial.constraints.assign(observation.constraints().begin(), observation.constraints().end());
  }
  if (trial.budgets.empty()) {
    trial.budgets.push_back(observation.budget());
    trial.values = values;
  }
}

std::vector<double> Learning::levels() const {
  std::set<double> distinct;
  for (const auto& [id, trial] : trials_) {
    if (!trial.failed) distinct.insert(trial.budget());
  }
  std::vector<double> all(distinct.begin(), distinct.end());
  if (all.size() <= kLevelsMax) return all;
  std::vector<double> some{all.front()};
  for (std::size_t k = 1; k <= kLevelsMax; ++k) some.push_back(all[k * all.size() / kLevelsMax - 1]);
  return some;
}

std::vector<Foreseen> Learning::foreseen() const {
  std::vector<Foreseen> all;
  std::vector<const Trial*> trials;
  for (const auto& [id, trial] : trials_) {
    all.push_back({id, &trial.at, trial.constraints, {}});
    trials.push_back(&trial);
  }
  const std::vector<double> levels = this->levels();
  for (std::size_t l = levels.size(); l-- > 0;) {
    const double level = levels[l];
    const double above = l + 1 < levels.size() ? levels[l + 1] : std::numeric_limits<double>::infinity();
    std::vector<Gains> gains(n_objectives_);
    std::vector<double> best(n_objectives_, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].values.empty() || !(trials[i]->budget() >= level)) continue;
      const auto here = trials[i]->value_at(level, n_objectives_);
      if (!finite(here)) continue;
      for (std::size_t k = 0; k < n_objectives_; ++k) {
        gains[k].emplace_back(here[k], all[i].values[k] - here[k]);
        best[k] = std::min(best[k], all[i].values[k]);
      }
    }
    for (Gains& of : gains) std::ranges::sort(of);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Trial& trial = *trials[i];
      const bool stands_here = trial.budget() >= level && trial.budget() < above;
      if (trial.failed || !all[i].values.empty() || !stands_here) continue;
      if (!trial.end.empty()) {
        all[i].values = trial.end;
        continue;
      }
      const std::span<const double> here = trial.value_at(trial.budget(), n_objectives_);
      if (!finite(here)) continue;
      all[i].values.assign(here.begin(), here.end());
      for (std::size_t k = 0; k < n_objectives_ && !gains[k].empty(); ++k) {
        all[i].values[k] = std::max(here[k] + gain_near(gains[k], here[k]), best[k]);
      }
    }
  }
  return all;
}

std::vector<Foreseen> Learning::at_largest(std::size_t n_min) const {
  std::vector<double> reached;
  for (const auto& [id, trial] : trials_) {
    if (!trial.failed) reached.push_back(trial.budget());
  }
  std::ranges::sort(reached, std::greater());
  const double level = reached.size() < n_min || n_min == 0 ? 0 : reached[n_min - 1];
  std::vector<Foreseen> all;
  for (const auto& [id, trial] : trials_) {
    if (!trial.failed && trial.budget() < level) continue;
    all.push_back({id, &trial.at, trial.constraints, {}});
    if (trial.failed) continue;
    const auto here = trial.value_at(level > 0 ? level : trial.budget(), n_objectives_);
    if (finite(here)) all.back().values.assign(here.begin(), here.end());
  }
  return all;
}

}  // namespace nascent::samplers
