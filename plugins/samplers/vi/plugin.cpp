#include "reinforce.hpp"
#include "vi.hpp"

NASCENT_PLUGIN("org.nascent.vi", "1.0.0", nascent::vi::Vi, nascent::vi::Reinforce)
