#include "hyperband.hpp"

NASCENT_PLUGIN("org.nascent.hyperband", "1.0.0", nascent::hyperband::Hyperband)
