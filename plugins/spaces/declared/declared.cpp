#include "declared.hpp"

#include "parameter_table.hpp"

namespace nascent::declared {

Declared::Declared(const Options& given) : declaration_(read_parameters(given.table("parameters"))) {}

}  // namespace nascent::declared
