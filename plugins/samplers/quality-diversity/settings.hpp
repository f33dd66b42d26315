// What a person can set, read from the options.
#pragma once

#include <cstddef>
#include <vector>

#include "axis.hpp"
#include "nascent/options.hpp"
#include "shared/mutation.hpp"

namespace nascent::quality_diversity {

struct Settings {
  std::vector<AxisSettings> axes;
  std::size_t initial = 20;  // trials drawn from the prior
  double crossover = 0.5;    // probability that a child has two parents
  samplers::MutationSettings mutation{1, 0.2};
};

// Throws InvalidOption on descriptors given twice or none, on `axes` of no descriptor, on bounds that are none, and on
// more than a million cells.
Settings settings_of(const Options& given);

}  // namespace nascent::quality_diversity
