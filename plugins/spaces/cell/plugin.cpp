#include "cell.hpp"

NASCENT_PLUGIN("org.nascent.cell", "1.0.0", nascent::cell::Cell)
