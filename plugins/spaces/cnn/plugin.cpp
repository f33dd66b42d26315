#include "cnn.hpp"

NASCENT_PLUGIN("org.nascent.cnn", "1.0.0", nascent::cnn::Cnn)
