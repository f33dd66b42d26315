// What a file has to be before it is parsed as TOML: UTF-8 of a bounded size and depth.
#pragma once

#include <string>
#include <string_view>

#include "nascent/core/diagnostics.hpp"

namespace nascent::core::config {

inline constexpr std::size_t file_bytes_max = 1 << 20;
inline constexpr int depth_max = 32;  // nested brackets, and parts of one dotted key

// Adds the first mistake found; true when there is none.
bool check_text(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace nascent::core::config
