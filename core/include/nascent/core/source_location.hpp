// A place in a file that a person wrote.
#pragma once

#include <cstdint>
#include <string>

namespace nascent::core {

// Counted from 1. Line 0: the value has no place in a file, as with file "--set".
struct SourceLocation {
  std::string file;
  std::uint32_t line = 0, column = 0;
  bool operator==(const SourceLocation&) const = default;
};

// "study.toml:14:9", or the file alone where there is no line.
std::string to_string(const SourceLocation& where);

}  // namespace nascent::core
