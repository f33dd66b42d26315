#include "asha.hpp"

NASCENT_PLUGIN("org.nascent.asha", "1.0.0", nascent::asha::Asha)
