// Words that reports on a whole search share.
#pragma once

#include <fmt/format.h>

#include <string>

#include "nascent/core/trust.hpp"

namespace nascent::cli {

// A share of 1, as in a table: "0.250".
inline std::string share_text(double share) { return fmt::format("{:.3f}", share); }

// As JSON names it.
inline const char* trust_name(core::Trust trust) {
  switch (trust) {
    case core::Trust::good: return "good";
    case core::Trust::rough: return "rough";
    default: return "none";
  }
}

}  // namespace nascent::cli
