#include "pbt.hpp"

NASCENT_PLUGIN("org.nascent.pbt", "1.0.0", nascent::pbt::Pbt)
