// Made-up problems of many kinds, to choose defaults by: nothing here is taken from a table of trained networks.
#pragma once

#include <string>
#include <vector>

#include "problem.hpp"

namespace nascent::search_quality {

// A family of problems of one kind. `make(instance)` draws landscape, optimum, offsets from the instance's number; a
// function from the literature is the same in every instance.
struct Family {
  std::string name;
  std::function<Problem(std::uint64_t instance)> make;
};

std::vector<Family> continuous_families();   // smooth, noisy, failing, constrained
std::vector<Family> categorical_families();  // NK landscapes, Max-Sat, contamination control, ...; also noisy, failing, constrained
std::vector<Family> ordinal_families();      // grids, partly with logarithmic scales
std::vector<Family> structured_families();   // mixed kinds; parameters that exist only under conditions
std::vector<Family> wide_families();        // a hundred parameters and more
std::vector<Family> two_objective_families();

// The single-objective ones, all kinds.
std::vector<Family> synthetic_families();

// Calls visit(row) for every configuration of a space without continuous parameters.
void for_each_configuration(SpaceView space, const std::function<void(ConstRow)>& visit);

// Fills in optimum (of feasible configurations that do not fail) or front by trying every configuration. For spaces
// without continuous parameters and problems without noise, or with `truth`.
void solve(Problem& problem);

// n categorical parameters of n_choices each.
SpaceDeclaration letters(std::size_t n, std::int64_t n_choices);

// NK landscape (Kauffman, Levin 1987) over letters(n, n_choices): the mean of n contributions, each a random table over a
// position and the k positions after it. Rugged with k.
std::function<double(ConstRow)> nk_landscape(std::size_t n, std::size_t n_choices, std::size_t k, std::uint64_t instance);

// A problem of one objective without noise, constraint or failure.
Problem plain_problem(SpaceDeclaration space, std::function<double(ConstRow)> value, double optimum);

}  // namespace nascent::search_quality
