// Functional analysis of variance of a forest: which share of the variance of what it predicts over the prior comes
// from one parameter, and which from two together. Source: Hutter, Hoos, Leyton-Brown, "An Efficient Approach for
// Assessing Hyperparameter Importance" (ICML 2014), sections 3 and 4.
#pragma once

#include <cstddef>
#include <nascent/forest.hpp>
#include <utility>
#include <vector>

namespace nascent::core::report {

// A share of the variance: mean and standard deviation over the trees.
struct VarianceShare {
  double mean = 0, sd = 0;
};

// Exact for the trees. Parameters are independent under the prior: one that is inactive has a value that no tree asks
// about, so that conditions need no case of their own. What comes from a conditional parameter where it is active, and
// not where it is not, is thereby an effect of it together with its parents.
class Fanova {
 public:
  using Pair = std::pair<std::size_t, std::size_t>;
  // Both outlive this object. The forest has no features beyond the parameters.
  Fanova(const forest::Features& features, const forest::Forest& forest);

  // [n_parameters] V_i / V.
  [[nodiscard]] std::vector<VarianceShare> singles() const;
  // [pairs] V_ij / V, what either does alone taken away. first < second.
  [[nodiscard]] std::vector<VarianceShare> pairs(const std::vector<Pair>& pairs) const;

 private:
  // One feature under the prior.
  struct Measure {
    std::vector<double> probabilities;         // [n_categories] of a categorical
    std::vector<double> positions, cumulated;  // [levels] of a number that has few
    // P(feature <= value), of an ordered one.
    [[nodiscard]] double below(double value) const;
  };
  static Measure measure_of(const forest::Features& features, std::size_t i);

  const forest::Features& features_;
  const forest::Forest& forest_;
  std::vector<Measure> measures_;

  class Boxes;
};

}  // namespace nascent::core::report
