// The told trials that the estimates need: the best ones, and the newest of the others. Bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "mixture.hpp"
#include "nascent/sampler.hpp"
#include "shared/learning.hpp"

namespace nascent::tpe {

// How told trials are split into good and bad.
struct Split {
  double good_share = 0.1;    // of the trials with values
  std::size_t good_max = 25;  // good trials at most
  std::size_t bad_max = 500;  // newest other trials that count as bad
};

struct Told {
  std::uint64_t trial_id = 0;
  Coordinates at;
  double setback = 0;          // what counts before the values: a trial of smaller setback is better
  std::vector<double> values;  // minimised, finite; empty where the trial has none
};

// Setbacks: completed trials have their violation of the constraints, squeezed into [0, 1]; pruned ones come after all
// of them, in (2, 3], the larger budget first. Failed trials, and those with values that are not finite, have no
// values.
std::shared_ptr<const Told> told_from(const Observation& observation, Coordinates at);
// The same of a trial that is judged as if it had completed.
std::shared_ptr<const Told> told_from(const samplers::Foreseen& foreseen, Coordinates at);

// Keeps the `good_max` best and `good_max + bad_max` newest trials, whatever is told. Equal calls in equal order give
// equal groups. With several objectives the better of two trials is that of the smaller non-domination rank, then the
// one taken away later when a rank's members that add the least hypervolume are taken away one by one.
class History {
 public:
  explicit History(Split split) : split_(split) {}

  // O(good_max) for one objective, O(good_max^2 log good_max) for two.
  void add(std::shared_ptr<const Told> told);
  // The best trials with values: ceil(good_share n) of n, at most good_max. Weights, of mean 1: rank_weights() for one
  // objective; for several the hypervolume that each adds to the group (Ozaki et al. 2022).
  // Valid until the next add().
  [[nodiscard]] std::vector<Component> good() const;
  // The newest trials that are not good, at most bad_max, of weight 1; those without values are among them.
  [[nodiscard]] std::vector<Component> bad() const;

 private:
  [[nodiscard]] std::span<const std::shared_ptr<const Told>> good_trials() const;
  void order_by_value();
  void order_by_front();

  Split split_;
  std::uint64_t with_values_ = 0;
  std::vector<std::shared_ptr<const Told>> best_;  // best first, at most good_max
  std::deque<std::shared_ptr<const Told>> newest_;
};

// Setback and value of one objective.
using Key = std::pair<double, double>;

// Weights of the k best trials, best first: the improvement over the best of the others that is to be expected of each,
// sum of 1/m over m = i .. k for the i-th best. Ties share. Mean 1. Exact, up to a factor, where the good tail of the
// objective is exponential, by Renyi's representation of order statistics. With the improvement as weight the ratio of
// densities ranks by expected improvement instead of its probability (Song et al., "A General Recipe for
// Likelihood-free Bayesian Optimization", ICML 2022); taken by rank it does not change with monotone changes of the
// objective.
std::vector<double> rank_weights(std::span<const Key> sorted);

}  // namespace nascent::tpe
