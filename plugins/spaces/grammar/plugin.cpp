#include "grammar.hpp"

NASCENT_PLUGIN("org.nascent.grammar", "1.0.0", nascent::grammar::Grammar)
