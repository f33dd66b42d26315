#include "tpe.hpp"

NASCENT_PLUGIN("org.nascent.tpe", "1.0.0", nascent::tpe::Tpe)
