#include "grid.hpp"

NASCENT_PLUGIN("org.nascent.grid", "1.0.0", nascent::grid::Grid)
