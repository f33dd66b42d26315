#include "patience.hpp"

NASCENT_PLUGIN("org.nascent.patience", "1.0.0", nascent::patience::Patience)
