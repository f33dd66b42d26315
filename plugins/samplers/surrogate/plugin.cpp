#include "surrogate/surrogate.hpp"

NASCENT_PLUGIN("org.nascent.surrogate", "1.0.0", nascent::surrogate::Surrogate)
