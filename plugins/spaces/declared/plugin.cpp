#include "declared.hpp"

NASCENT_PLUGIN("org.nascent.declared", "1.0.0", nascent::declared::Declared)
