#include "percentile.hpp"

NASCENT_PLUGIN("org.nascent.percentile", "1.0.0", nascent::percentile::Percentile)
