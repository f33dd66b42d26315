#include "population.hpp"

#include "nascent/pareto.hpp"

namespace nascent::evolution {

void Population::add(Member member) {
  members_.push_back(std::move(member));
  if (members_.size() > capacity_) members_.pop_front();
  ranked_ = false;
}

void Population::rank() {
  if (ranked_ || members_.empty() || members_.front().values.size() < 2) return;
  std::vector<double> values, violations;
  for (const Member& member : members_) {
    values.insert(values.end(), member.values.begin(), member.values.end());
    violations.push_back(member.violation);
  }
  const pareto::Outcomes outcomes{values, members_.front().values.size(), violations};
  rank_ = pareto::ranks(outcomes);
  crowding_ = pareto::crowding_distances(outcomes, rank_);
  ranked_ = true;
}

bool Population::fitter(std::size_t a, std::size_t b) const {
  const Member &left = members_[a], &right = members_[b];
  if (left.values.size() > 1) {
    if (rank_[a] != rank_[b]) return rank_[a] < rank_[b];
    if (crowding_[a] != crowding_[b]) return crowding_[a] > crowding_[b];
  } else {
    if (left.violation != right.violation) return left.violation < right.violation;
    if (left.values[0] != right.values[0]) return left.values[0] < right.values[0];
  }
  return left.trial_id > right.trial_id;
}

}  // namespace nascent::evolution
