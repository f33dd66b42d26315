#include "sobol.hpp"

NASCENT_PLUGIN("org.nascent.sobol", "1.0.0", nascent::sobol::Sobol)
