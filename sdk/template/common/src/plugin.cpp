#include "@file@.hpp"

NASCENT_PLUGIN("com.example.@name@", "0.1.0", @Class@)
