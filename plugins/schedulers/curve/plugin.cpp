#include "curve.hpp"

NASCENT_PLUGIN("org.nascent.curve", "1.0.0", nascent::curve::CurveRule)
