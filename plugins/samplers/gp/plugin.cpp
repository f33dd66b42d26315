#include "gp/gp.hpp"

NASCENT_PLUGIN("org.nascent.gp", "1.0.0", nascent::gp::GaussianProcessSearch)
