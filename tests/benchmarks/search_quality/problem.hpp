// What a sampler is measured on: a space, what an evaluation shows the search, and how far the best found is from the best.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nascent/space_declaration.hpp"

namespace nascent::search_quality {

// One evaluation as a search sees it.
struct Outcome {
  std::vector<double> values;       // [n_objectives], minimised; empty: the trial failed
  std::vector<double> constraints;  // [n_constraints], satisfied when <= 0
};

// One or two objectives. A search is judged by `truth` (without noise) of what it believes to be its best.
struct Problem {
  std::string name;
  SpaceDeclaration space;
  std::uint32_t n_objectives = 1, n_constraints = 0;
  std::function<Outcome(ConstRow, Rng& noise)> evaluate;
  std::function<double(ConstRow)> truth;       // one objective: its value without noise; empty: evaluate() has none
  double optimum = 0;                          // one objective: the least value
  std::function<double(double value)> regret;  // of a value; empty: value - optimum
  std::vector<std::pair<double, double>> front;  // two objectives: the Pareto front of the whole space
};

// Of the first objective over rows drawn from the prior: what a search is charged that has found nothing feasible yet.
double worst_of_prior(const Problem& problem);

// Non-dominated members of `points` (both minimised), the first objective ascending.
std::vector<std::pair<double, double>> pareto_front(std::vector<std::pair<double, double>> points);

// Hypervolume of `points` as a share of that of `front`: both scaled so that the front's box becomes the unit square,
// reference point (1.1, 1.1).
double hypervolume_share(const std::vector<std::pair<double, double>>& points,
                         const std::vector<std::pair<double, double>>& front);

}  // namespace nascent::search_quality
