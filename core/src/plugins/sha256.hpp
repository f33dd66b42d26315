// SHA-256 of files: what tells one build of a plugin from another.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "nascent/core/result.hpp"

namespace nascent::core {

std::string sha256(std::string_view bytes);  // 64 lower-case hex digits
Result<std::string> read_bytes(const std::filesystem::path& file);

}  // namespace nascent::core
