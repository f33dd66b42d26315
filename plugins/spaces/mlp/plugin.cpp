#include "mlp.hpp"

NASCENT_PLUGIN("org.nascent.mlp", "1.0.0", nascent::mlp::Mlp)
