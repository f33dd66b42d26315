// The version of this build of nascent.
#pragma once

#include <string_view>

namespace nascent::core {

std::string_view version();  // "0.1.0"

}  // namespace nascent::core
