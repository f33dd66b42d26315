// What a process learns: outcomes turned into numbers that a normal distribution suits.
#pragma once

#include "gp/history.hpp"

namespace nascent::gp {

// One quantity to predict: standardised targets, and where on that scale a constraint is met.
struct Lesson {
  std::vector<std::size_t> rows;  // of the trials that have it
  Vector targets;                 // [rows]
  double threshold = 0;           // met when <= threshold; of constraints and of failing
};

// Objectives first, then constraints, then, where one failed, failing: 1 or -1 as a constraint. Pruned trials teach an
// objective where it is the only one, as no better than the median of the completed.
std::vector<Lesson> lessons(const ToldList& trials, std::size_t n_objectives, std::size_t n_constraints);

// Of one objective, finite. In units of the robust spread about the median, cut at 5 above and 20 below, then by the
// power transform of Yeo and Johnson (Biometrika 87, 2000) whose likelihood is greatest among powers from 0,
// logarithmic, to 1, none; then to mean 0 and deviation 1, or all 0 where they are equal. Differences among bad values
// shrink, those among good ones never do; one diverged trial counts for one.
Vector standardised_objective(std::vector<double> values);

// Of one constraint, infinite values allowed: tamed by asinh in units of their median size, which keeps signs, then
// standardised.
struct StandardisedConstraint {
  Vector targets;
  double threshold;
};
StandardisedConstraint standardised_constraint(std::vector<double> values);

}  // namespace nascent::gp
