// The told trials that a process is conditioned on: the best, the newest, and a random part of the others. Bounded.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "gp/encoder.hpp"
#include "nascent/sampler.hpp"

namespace nascent::gp {

enum class State : std::uint8_t { completed, pruned, failed };

struct Told {
  std::uint64_t number = 0;  // how many were told before
  Point point;
  Inputs input;  // [1]
  State state = State::failed;
  std::vector<double> values;       // [n_objectives], minimised, finite; 0 where failed
  std::vector<double> constraints;  // [n_constraints], satisfied when <= 0; infinity for NaN
  double violation = 0;
};
using ToldList = std::vector<std::shared_ptr<const Told>>;

// Failed and invalid trials, and those whose values are not finite, are failed: they teach only where trials fail.
std::shared_ptr<const Told> told_from(const Observation& observation, std::uint64_t number, const Encoder& encoder);

// Keeps at most 3/2 n_max trials, whatever is told. Equal calls in equal order give equal lists.
class History {
 public:
  // n_max >= 8.
  explicit History(std::size_t n_max) : n_max_(n_max) {}

  void add(std::shared_ptr<const Told> told);
  [[nodiscard]] std::uint64_t size() const { return n_; }
  // At most n_max trials in the order told; all of them if they are so few. Else the best quarter (less violation, then
  // Pareto rank, then crowding distance), the newest half, and a random part of the rest: none but the first quarter
  // is chosen by its outcome, which would bias what is learnt.
  [[nodiscard]] ToldList selection() const;
  // The best that completed, at most n.
  [[nodiscard]] ToldList best(std::size_t n) const;

 private:
  std::size_t n_max_;
  std::uint64_t n_ = 0;
  ToldList best_;  // the best of those that completed, at most n_max / 2, in no order
  std::deque<std::shared_ptr<const Told>> newest_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<const Told>> others_;  // by a hash of the number
};

}  // namespace nascent::gp
