// The living members of an evolution: the newest completed trials, and which of two is the fitter one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "nascent/sampler.hpp"

namespace nascent::evolution {

struct Member {
  std::uint64_t trial_id = 0;
  Point point;
  std::vector<double> values;  // minimised
  double violation = 0;        // sum of the constraints' violations; 0 = feasible
};

// The newest `capacity` members by trial number: age, not fitness, decides who dies (Real et al. 2019).
class Population {
 public:
  explicit Population(std::size_t capacity) : capacity_(capacity) {}

  void add(Member member);
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] const Member& operator[](std::size_t i) const { return members_[i]; }
  // Computes ranks and crowding distances anew if members changed and there are several objectives.
  void rank();
  // Is member a the fitter one? One objective: feasible or less violating, then the lower value, then the younger one.
  // Several: lower Pareto rank, then larger crowding distance, then the younger one; needs rank() after the last add().
  [[nodiscard]] bool fitter(std::size_t a, std::size_t b) const;

 private:
  std::size_t capacity_;
  std::deque<Member> members_;  // oldest first
  bool ranked_ = false;
  std::vector<std::size_t> rank_;  // 0 = not dominated by any member
  std::vector<double> crowding_;
};

}  // namespace nascent::evolution
