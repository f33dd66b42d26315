#include "csv.hpp"

NASCENT_PLUGIN("org.nascent.csv", "1.0.0", nascent::csv::Csv)
