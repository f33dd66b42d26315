#include "median.hpp"

NASCENT_PLUGIN("org.nascent.median", "1.0.0", nascent::median::Median)
