#include "quality_diversity.hpp"

NASCENT_PLUGIN("org.nascent.quality_diversity", "1.0.0", nascent::quality_diversity::QualityDiversity)
