// Keeping the values of a discrete parameter within reach. Source: Hamano, Saito, Nomura, Shirakawa, "CMA-ES with
// Margin" (GECCO 2022, arXiv:2205.13482), section 4.
#pragma once

namespace nascent::cmaes {

// The coordinates (from, to] that stand for one value. Infinite ends where no further value follows.
struct Cell {
  double from, to;
};

struct Marginal {
  double mean, deviation;
};

// Probability that a coordinate falls outside of a cell.
double probability_outside(const Marginal& marginal, const Cell& cell);

// The marginal, changed so that it leaves the cell its mean lies in with probability `margin` at least: at an end of
// the range by moving the mean towards the neighbour (equations 15 to 18), else with half of it to either side by
// changing mean and deviation (equations 19 to 26). 0 < margin < 1/2.
Marginal with_margin(const Marginal& marginal, const Cell& cell, double margin);

}  // namespace nascent::cmaes
