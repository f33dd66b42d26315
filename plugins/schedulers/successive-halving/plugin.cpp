#include "successive_halving.hpp"

NASCENT_PLUGIN("org.nascent.successive-halving", "1.0.0", nascent::successive_halving::SuccessiveHalving)
