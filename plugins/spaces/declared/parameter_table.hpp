// Parameters from a table of options: distributions as everywhere in a study's TOML, plus conditions.
#pragma once

#include <vector>

#include "nascent/options.hpp"
#include "nascent/space_declaration.hpp"

namespace nascent::declared {

// Every entry of `table` is one parameter. Parents come first in the result, else the order is that of the table.
// Throws InvalidOption at the entry that is wrong.
std::vector<Parameter> read_parameters(const Options& table);

}  // namespace nascent::declared
