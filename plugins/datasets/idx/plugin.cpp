#include "idx.hpp"

NASCENT_PLUGIN("org.nascent.idx", "1.0.0", nascent::idx::Idx)
