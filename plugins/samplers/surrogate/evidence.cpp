#include "surrogate/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nascent::surrogate {

void Evidence::add(const Observation& observation) {
  const auto values = observation.values();
  const bool usable =
      observation.has_values() && std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
  points_.emplace_back(observation.at());
  state_.push_back(!usable ? State::failed : observation.completed() ? State::completed : State::pruned);
  if (completed(size() - 1)) first_completed_ = std::min(first_completed_, size() - 1);
  encoded_.resize(points_.size() * encoder_->size());
  encoder_->encode(observation.at(), std::span(encoded_).last(encoder_->size()));
  for (const double v : values) values_.push_back(usable ? v : 0);
  for (const double c : observation.constraints()) {
    constraints_.push_back(std::isnan(c) ? std::numeric_limits<double>::infinity() : c);
  }
  violations_.push_back(pareto::total_violation(observation.constraints()));
}

std::vector<std::size_t> Evidence::undominated(std::size_t n, std::size_t n_max) const {
  const pareto::Outcomes all{values_, n_objectives_, violations_};
  std::vector<std::size_t> front;  // newest first: of equal rows the newest stays
  for (std::size_t i = n; i-- > 0;) {
    if (!completed(i)) continue;
    const auto covers = [&](std::size_t j) {
      const bool equal = all.violation(j) == all.violation(i) && std::ranges::equal(all[j], all[i]);
      return equal || pareto::dominates(all, j, i);
    };
    if (std::ranges::any_of(front, covers)) continue;
    std::erase_if(front, [&](std::size_t j) { return pareto::dominates(all, i, j); });
    if (front.size() < n_max) front.push_back(i);
  }
  return front;
}

std::vector<std::size_t> Evidence::selection(std::size_t n, std::size_t n_max) const {
  std::vector<std::size_t> rows;
  std::vector<std::uint8_t> chosen(n, n <= n_max ? 1 : 0);
  if (n > n_max) {
    for (const std::size_t i : undominated(n, n_max / 4)) chosen[i] = 1;
    for (std::size_t i = n - n_max / 2; i < n; ++i) chosen[i] = 1;
    std::vector<std::pair<std::uint64_t, std::size_t>> others;  // by a number that is the row's own
    for (std::size_t i = 0; i < n; ++i) {
      if (chosen[i] == 0) others.emplace_back(derive_seed(0, i), i);
    }
    const auto n_chosen = static_cast<std::size_t>(std::ranges::count(chosen, std::uint8_t{1}));
    const auto end = others.begin() + static_cast<std::ptrdiff_t>(std::min(others.size(), n_max - n_chosen));
    std::nth_element(others.begin(), end, others.end());
    for (auto at = others.begin(); at != end; ++at) chosen[at->second] = 1;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (chosen[i] != 0) rows.push_back(i);
  }
  return rows;
}

}  // namespace nascent::surrogate
