#include "nsga2.hpp"

NASCENT_PLUGIN("org.nascent.nsga2", "1.0.0", nascent::nsga2::Nsga2)
