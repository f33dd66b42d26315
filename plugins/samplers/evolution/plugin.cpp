#include "evolution.hpp"

NASCENT_PLUGIN("org.nascent.evolution", "1.0.0", nascent::evolution::Evolution)
