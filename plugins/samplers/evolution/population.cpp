#include "population.hpp"

#include <algorithm>
#include <limits>

namespace nascent::evolution {
namespace {

// Crowding distance of the members `front` of one rank (Deb et al. 2002, section III-B).
void crowd(const std::deque<Member>& members, std::vector<std::size_t> front, std::vector<double>& crowding) {
  for (std::size_t k = 0; k < members[front.front()].values.size(); ++k) {
    const auto value = [&](std::size_t i) { return members[i].values[k]; };
    std::stable_sort(front.begin(), front.end(), [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
    const double range = value(front.back()) - value(front.front());
    crowding[front.front()] = crowding[front.back()] = std::numeric_limits<double>::infinity();
    if (!(range > 0)) continue;
    for (std::size_t i = 1; i + 1 < front.size(); ++i) {
      crowding[front[i]] += (value(front[i + 1]) - value(front[i - 1])) / range;
    }
  }
}

}  // namespace

bool dominates(const Member& a, const Member& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  bool better = false;
  for (std::size_t k = 0; k < a.values.size(); ++k) {
    if (a.values[k] > b.values[k]) return false;
    better = better || a.values[k] < b.values[k];
  }
  return better;
}

void Population::add(Member member) {
  members_.push_back(std::move(member));
  if (members_.size() > capacity_) members_.pop_front();
  ranked_ = false;
}

bool Population::fitter(std::size_t a, std::size_t b) const {
  if (members_[a].values.size() > 1) {
    if (rank_[a] != rank_[b]) return rank_[a] < rank_[b];
    if (crowding_[a] != crowding_[b]) return crowding_[a] > crowding_[b];
  } else if (dominates(members_[a], members_[b]) || dominates(members_[b], members_[a])) {
    return dominates(members_[a], members_[b]);
  }
  return members_[a].trial_id > members_[b].trial_id;
}

// Fast non-dominated sort (Deb et al. 2002, section III-A): whoever has no dominator left forms the next front.
void Population::rank() {
  if (ranked_ || members_.empty() || members_.front().values.size() < 2) return;
  const std::size_t n = members_.size();
  std::vector<std::vector<std::size_t>> dominated(n);
  std::vector<std::size_t> dominators(n, 0), front;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (dominates(members_[i], members_[j])) dominated[i].push_back(j);
      if (dominates(members_[j], members_[i])) ++dominators[i];
    }
    if (dominators[i] == 0) front.push_back(i);
  }
  rank_.assign(n, 0);
  crowding_.assign(n, 0);
  for (std::size_t round = 0; !front.empty(); ++round) {
    crowd(members_, front, crowding_);
    std::vector<std::size_t> next;
    for (const std::size_t i : front) {
      rank_[i] = round;
      for (const std::size_t j : dominated[i]) {
        if (--dominators[j] == 0) next.push_back(j);
      }
    }
    front = std::move(next);
  }
  ranked_ = true;
}

}  // namespace nascent::evolution
