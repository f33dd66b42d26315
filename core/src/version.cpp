#include "nascent/core/version.hpp"

namespace nascent::core {

std::string_view version() { return NASCENT_VERSION; }

}  // namespace nascent::core
