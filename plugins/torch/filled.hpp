// Text from a pattern: "{}" stands for the next piece, "{2}" for the third.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace nascent::libtorch {

struct Piece {
  std::string text;
  Piece(std::string value) : text(std::move(value)) {}
  Piece(const char* value) : text(value) {}
  Piece(std::string_view value) : text(value) {}
  Piece(std::int64_t value) : text(std::to_string(value)) {}
  Piece(std::size_t value) : text(std::to_string(value)) {}
};

inline std::string filled(std::string_view pattern, std::initializer_list<Piece> pieces) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      out += pattern[i];
      continue;
    }
    const bool numbered = pattern[i + 1] != '}';
    out += (pieces.begin() + (numbered ? static_cast<std::size_t>(pattern[i + 1] - '0') : next++))->text;
    i += numbered ? 2 : 1;
  }
  return out;
}

}  // namespace nascent::libtorch
