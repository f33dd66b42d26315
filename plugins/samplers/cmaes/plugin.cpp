#include "cmaes.hpp"

NASCENT_PLUGIN("org.nascent.cmaes", "1.0.0", nascent::cmaes::CmaEs)
