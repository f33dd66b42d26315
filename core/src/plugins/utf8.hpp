// Text from the other side of the ABI: tested before it is copied.
#pragma once

#include <nascent/abi.h>

#include <string>
#include <string_view>

namespace nascent::core {

// Well-formed UTF-8 (RFC 3629): no overlong forms, surrogates or values above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char first = byte(i);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    if (length > 2) {
      const unsigned char second = byte(i + 1);
      if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
          (first == 0xF4 && second > 0x8F))
        return false;
    }
    i += length;
  }
  return true;
}

// Owned copy; bytes that are no UTF-8 text become '?'.
inline std::string text_of(std::string_view borrowed) {
  std::string copy(borrowed);
  if (is_utf8(copy)) return copy;
  for (char& c : copy) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return copy;
}
inline std::string text_of(nas_str borrowed) {
  return borrowed.n == 0 ? std::string() : text_of(std::string_view(borrowed.p, borrowed.n));
}

}  // namespace nascent::core
