#include "history.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nascent/pareto.hpp"

namespace nascent::tpe {
namespace {

using Group = std::span<const std::shared_ptr<const Told>>;

std::size_t n_objectives(Group group) { return group.front()->values.size(); }

// [n][n_objectives] row-major.
std::vector<double> values_of(Group group) {
  std::vector<double> values;
  for (const auto& t : group) values.insert(values.end(), t->values.begin(), t->values.end());
  return values;
}

std::vector<double> setbacks_of(Group group) {
  std::vector<double> setbacks;
  for (const auto& t : group) setbacks.push_back(t->setback);
  return setbacks;
}

// [n_objectives] a tenth of the group's range beyond its worst, so that its ends count; anything where it has no range.
std::vector<double> reference_of(Group group) {
  std::vector<double> reference;
  for (std::size_t k = 0; k < n_objectives(group); ++k) {
    const auto by_value = [k](const auto& a, const auto& b) { return a->values[k] < b->values[k]; };
    const auto [lowest, highest] = std::ranges::minmax_element(group, by_value);
    const double worst = (*highest)->values[k], range = worst - (*lowest)->values[k];
    reference.push_back(worst + (range > 0 ? 0.1 * range : 1 + std::abs(worst)));
  }
  return reference;
}

// Takes away, one by one, the members of a front that add the least hypervolume, the younger of equals, and returns
// them in reverse: the best first. Source: Beume, Naujoks, Emmerich, "SMS-EMOA" (EJOR 181, 2007), reduce().
std::vector<std::shared_ptr<const Told>> by_hypervolume(std::vector<std::shared_ptr<const Told>> front) {
  std::vector<std::shared_ptr<const Told>> removed;
  while (!front.empty()) {
    const auto volumes = pareto::exclusive_hypervolumes({values_of(front), n_objectives(front)}, reference_of(front));
    std::size_t least = 0;
    for (std::size_t i = 1; i < front.size(); ++i) {
      const bool is_younger = front[i]->trial_id > front[least]->trial_id;
      if (volumes[i] < volumes[least] || (volumes[i] == volumes[least] && is_younger)) least = i;
    }
    removed.push_back(front[least]);
    front.erase(front.begin() + static_cast<std::ptrdiff_t>(least));
  }
  std::ranges::reverse(removed);
  return removed;
}

Key key_of(const std::shared_ptr<const Told>& t) { return {t->setback, t->values[0]}; }

// Of a completed trial.
double setback_of(std::span<const double> constraints) {
  const double violation = pareto::total_violation(constraints);
  return std::isinf(violation) ? 1 : violation / (1 + violation);
}

// Hypervolume that each of the group adds to it, of mean 1; a tenth of the weight is spread evenly, so that those that
// add nothing count a little. All alike where none is feasible.
std::vector<double> volume_weights(Group group) {
  const std::vector<double> values = values_of(group), setbacks = setbacks_of(group);
  std::vector<double> weights =
      pareto::exclusive_hypervolumes({values, n_objectives(group), setbacks}, reference_of(group));
  const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
  for (double& w : weights) w = mean > 0 && std::isfinite(mean) ? 0.1 + 0.9 * w / mean : 1;
  return weights;
}

}  // namespace

std::shared_ptr<const Told> told_from(const Observation& observation, Coordinates at) {
  auto told = std::make_shared<Told>();
  told->trial_id = observation.trial_id();
  told->at = std::move(at);
  if (!observation.has_values()) return told;
  const auto values = observation.values();
  if (!std::ranges::all_of(values, [](double v) { return std::isfinite(v); })) return told;
  told->values.assign(values.begin(), values.end());
  if (observation.completed()) {
    told->setback = setback_of(observation.constraints());
  } else {
    told->setback = 2 + 1 / (1 + std::max(observation.budget(), 0.0));
  }
  return told;
}

std::shared_ptr<const Told> told_from(const samplers::Foreseen& foreseen, Coordinates at) {
  auto told = std::make_shared<Told>();
  told->trial_id = foreseen.trial_id;
  told->at = std::move(at);
  told->values = foreseen.values;
  told->setback = setback_of(foreseen.constraints);
  return told;
}

std::vector<double> rank_weights(std::span<const Key> sorted) {
  const std::size_t k = sorted.size();
  std::vector<double> weights(k);
  double sum = 0;
  for (std::size_t i = k; i-- > 0;) weights[i] = sum += 1.0 / static_cast<double>(i + 1);
  for (std::size_t from = 0, to = 0; from < k; from = to) {
    while (to < k && sorted[to] == sorted[from]) ++to;
    const std::span<double> equal(weights.data() + from, to - from);
    std::ranges::fill(equal, std::accumulate(equal.begin(), equal.end(), 0.0) / static_cast<double>(equal.size()));
  }
  return weights;  // their sum counts each 1/m m times: k
}

void History::add(std::shared_ptr<const Told> told) {
  newest_.push_front(told);
  if (newest_.size() > split_.good_max + split_.bad_max) newest_.pop_back();
  if (told->values.empty()) return;
  ++with_values_;
  best_.push_back(std::move(told));
  if (n_objectives(best_) == 1) {
    order_by_value();
  } else {
    order_by_front();
  }
  if (best_.size() > split_.good_max) best_.pop_back();
}

// The newest one, last in line, moves to its place.
void History::order_by_value() {
  const auto is_better = [](const auto& a, const auto& b) { return key_of(a) < key_of(b); };
  const auto place = std::upper_bound(best_.begin(), best_.end() - 1, best_.back(), is_better);
  std::rotate(place, best_.end() - 1, best_.end());
}

void History::order_by_front() {
  const std::vector<double> values = values_of(best_), setbacks = setbacks_of(best_);
  const std::vector<std::size_t> rank = pareto::ranks({values, n_objectives(best_), setbacks});
  std::vector<std::vector<std::shared_ptr<const Told>>> fronts(*std::ranges::max_element(rank) + 1);
  for (std::size_t i = 0; i < best_.size(); ++i) fronts[rank[i]].push_back(best_[i]);
  best_.clear();
  for (auto& front : fronts) {
    for (auto& t : by_hypervolume(std::move(front))) best_.push_back(std::move(t));
  }
}

std::span<const std::shared_ptr<const Told>> History::good_trials() const {
  const double share = std::ceil(split_.good_share * static_cast<double>(with_values_));
  return std::span(best_).first(std::min(best_.size(), static_cast<std::size_t>(share)));
}

std::vector<Component> History::good() const {
  const auto trials = good_trials();
  if (trials.empty()) return {};
  std::vector<Key> keys;
  std::ranges::transform(trials, std::back_inserter(keys), key_of);
  const std::vector<double> weights = n_objectives(trials) == 1 ? rank_weights(keys) : volume_weights(trials);
  std::vector<Component> group;
  for (std::size_t i = 0; i < trials.size(); ++i) group.push_back({&trials[i]->at, weights[i]});
  return group;
}

std::vector<Component> History::bad() const {
  const auto good = good_trials();
  std::vector<Component> group;
  for (const auto& told : newest_) {
    if (group.size() == split_.bad_max) break;
    if (std::ranges::find(good, told) == good.end()) group.push_back({&told->at, 1.0});
  }
  return group;
}

}  // namespace nascent::tpe
