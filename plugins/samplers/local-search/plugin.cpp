#include "local_search.hpp"

NASCENT_PLUGIN("org.nascent.local-search", "1.0.0", nascent::local_search::LocalSearch)
