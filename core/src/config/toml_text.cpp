#include "config/toml_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "plugins/utf8.hpp"

namespace nascent::core::config {
namespace {

SourceLocation location(std::string_view text, std::size_t at, const std::string& file) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  const std::string_view line = before.substr(line_start);
  return {file, static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<std::uint32_t>(1 + std::count_if(line.begin(), line.end(), is_start))};
}

// First byte that belongs to no UTF-8 sequence, or npos.
std::size_t invalid_utf8_at(std::string_view text) {
  if (is_utf8(text)) return std::string_view::npos;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t n = 1;
    while (n <= 4 && !is_utf8(text.substr(i, n))) ++n;
    if (n > 4) return i;
    i += n;
  }
  return text.size() - 1;
}

// First byte after the string or comment that begins at `at`. A string that does not end stops at its line's end (the
// parser complains about it).
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote == '#') return std::min(text.find('\n', at), text.size());
  const std::string triple(3, quote);
  const bool multi_line = text.substr(at, 3) == triple;
  std::size_t i = at + (multi_line ? 3 : 1);
  while (i < text.size()) {
    if (text[i] == '\\' && quote == '"') {
      i += 2;
    } else if (multi_line ? text.substr(i, 3) == triple : text[i] == quote) {
      return i + (multi_line ? 3 : 1);
    } else if (!multi_line && text[i] == '\n') {
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

// Bounds the recursion of everything that walks the tree later. Returns the place of the first excess, or npos.
std::size_t too_deep_at(std::string_view text) {
  int brackets = 0, dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'' || c == '#') {
      i = skip_quoted(text, i);
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (c == '.') ++dots;
    if (c == '=' || c == ',' || c == '\n' || c == '[' || c == '{') dots = 0;
    if (brackets > depth_max || dots >= depth_max) return i;
    ++i;
  }
  return std::string_view::npos;
}

}  // namespace

bool check_text(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  const auto complain = [&](std::size_t at, std::string message) {
    diagnostics.add(location(text, at, file), std::move(message));
    return false;
  };
  for (const auto& [begin, what] :
       {std::pair{std::string_view("SQLite format 3"), "an SQLite file, as a study's store is"},
        {std::string_view("\x1F\x8B"), "a compressed file (gzip)"}}) {
    if (!text.starts_with(begin)) continue;
    diagnostics.add({file}, fmt::format("is {}; a study is a TOML file: is this the right one?", what));
    return false;
  }
  if (text.size() > file_bytes_max) {
    diagnostics.add({file}, fmt::format("the file has {} bytes; a study has at most {}: is this the right file?",
                                        text.size(), file_bytes_max));
    return false;
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return complain(0, "the file is UTF-16; save it as UTF-8");
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos)
    return complain(at, "a NUL byte; a study is plain text: is this the right file?");
  if (const std::size_t at = invalid_utf8_at(text); at != std::string_view::npos) {
    return complain(
        at, fmt::format("byte 0x{:02X} is no UTF-8; save the file as UTF-8", static_cast<unsigned char>(text[at])));
  }
  if (const std::size_t at = too_deep_at(text); at != std::string_view::npos)
    return complain(at, fmt::format("nested more than {} levels deep; a study needs no more than a few", depth_max));
  return true;
}

}  // namespace nascent::core::config
