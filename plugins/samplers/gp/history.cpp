#include "gp/history.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "nascent/pareto.hpp"
#include "shared/ranking.hpp"

namespace nascent::gp {
namespace {

ToldList ranked(const ToldList& trials, std::size_t n_max) {
  std::vector<samplers::Outcome> outcomes;
  for (const auto& told : trials) outcomes.push_back({told->values, told->violation});
  ToldList first;
  for (const std::size_t i : samplers::Ranking(outcomes).best_first) {
    if (first.size() < n_max) first.push_back(trials[i]);
  }
  return first;
}

}  // namespace

std::shared_ptr<const Told> told_from(const Observation& observation, std::uint64_t number, const Encoder& encoder) {
  const auto values = observation.values();
  const bool usable =
      observation.has_values() && std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
  auto told = std::make_shared<Told>();
  told->number = number;
  told->point = Point(observation.at());
  told->input = encoder({&told->point, 1});
  told->state = !usable ? State::failed : observation.completed() ? State::completed : State::pruned;
  told->values.resize(values.size());
  if (usable) told->values.assign(values.begin(), values.end());
  for (const double c : observation.constraints()) {
    told->constraints.push_back(std::isnan(c) ? std::numeric_limits<double>::infinity() : c);
  }
  told->violation = pareto::total_violation(observation.constraints());
  return told;
}

void History::add(std::shared_ptr<const Told> told) {
  ++n_;
  if (told->state == State::completed) best_.push_back(told);
  if (best_.size() > n_max_ / 2) best_ = ranked(best_, n_max_ / 4);
  newest_.push_back(std::move(told));
  if (newest_.size() <= n_max_ - n_max_ / 2) return;
  const std::uint64_t number = newest_.front()->number;
  others_.emplace(std::pair(derive_seed(0, number), number), newest_.front());
  newest_.pop_front();
  if (others_.size() > n_max_ / 2) others_.erase(std::prev(others_.end()));
}

ToldList History::selection() const {
  const auto by_number = [](const auto& a, const auto& b) { return a->number < b->number; };
  std::set<std::shared_ptr<const Told>, decltype(by_number)> chosen(newest_.begin(), newest_.end(), by_number);
  if (n_ > n_max_) {
    const ToldList first = best(n_max_ / 4);
    chosen.insert(first.begin(), first.end());
  }
  for (const auto& [key, told] : others_) {
    if (chosen.size() < n_max_) chosen.insert(told);
  }
  return {chosen.begin(), chosen.end()};
}

ToldList History::best(std::size_t n) const { return ranked(best_, n); }

}  // namespace nascent::gp
