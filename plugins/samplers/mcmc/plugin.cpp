#include "mcmc.hpp"

NASCENT_PLUGIN("org.nascent.mcmc", "1.0.0", nascent::mcmc::Mcmc)
