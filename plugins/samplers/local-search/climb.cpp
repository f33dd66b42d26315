#include "climb.hpp"

#include <algorithm>

namespace nascent::local_search {

void Climb::add(const Observation& told) {
  const std::size_t trial = trials_.size();
  trials_.add(told);
  double step = steps_.first;
  for (Standpoint& s : standpoints_) {
    const auto move = move_between(row(s), told.at());
    if (!move) continue;
    std::erase(s.open, *move);
    step = s.step;
  }
  if (trials_.counts(trial)) climb_to(trial, step);
  refine();
}

bool Climb::improves(std::size_t trial) const {
  const pareto::Outcomes outcomes = trials_.outcomes();
  return std::ranges::none_of(standpoints_, [&](const Standpoint& s) {
    return pareto::dominates(outcomes, s.trial, trial) || (outcomes.violation(s.trial) == outcomes.violation(trial) &&
                                                           std::ranges::equal(outcomes[s.trial], outcomes[trial]));
  });
}

void Climb::climb_to(std::size_t trial, double step) {
  std::vector<std::size_t> candidates{trial};
  while (!candidates.empty()) {
    const std::size_t next = candidates.back();
    candidates.pop_back();
    if (!improves(next)) continue;
    std::erase_if(standpoints_,
                  [&](const Standpoint& s) { return pareto::dominates(trials_.outcomes(), next, s.trial); });
    standpoints_.push_back({next, step, {}});
    standpoints_.back().open = untried_moves(standpoints_.back());
    for (std::size_t other = 0; other < trials_.size(); ++other) {
      if (trials_.counts(other) && move_between(trials_.row(next), trials_.row(other)) && improves(other))
        candidates.push_back(other);
    }
  }
}

std::vector<Move> Climb::untried_moves(const Standpoint& from) const {
  std::vector<Move> moves = moves_from(space_, row(from), from.step, seed_);
  for (std::size_t other = 0; other < trials_.size() && !moves.empty(); ++other) {
    if (const auto move = move_between(row(from), trials_.row(other))) std::erase(moves, *move);
  }
  return moves;
}

void Climb::refine() {
  bool used_up = true;
  for (Standpoint& s : standpoints_) {
    while (s.open.empty() && s.step / 2 >= steps_.last) {
      s.step /= 2;
      s.open = untried_moves(s);
    }
    used_up = used_up && s.open.empty();
  }
  if (used_up) standpoints_.clear();
}

}  // namespace nascent::local_search
