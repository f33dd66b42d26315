#include "auto/auto.hpp"

NASCENT_PLUGIN("org.nascent.auto", "1.0.0", nascent::automatic::Auto)
