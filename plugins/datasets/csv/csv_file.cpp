#include "csv_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "nascent/error.hpp"

namespace nascent::csv {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Length of the UTF-8 sequence at the start of `s`, or 0 when it is none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool shortest = first != 0xE0 || second >= 0xA0, no_surrogate = first != 0xED || second <= 0x9F;
    return follows(1) && follows(2) && shortest && no_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool shortest = first != 0xF0 || second >= 0x90, in_range = first != 0xF4 || second <= 0x8F;
    return follows(1) && follows(2) && follows(3) && shortest && in_range ? 4 : 0;
  }
  return 0;
}

std::string_view trimmed(std::string_view s) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

}  // namespace

CsvFile::CsvFile(std::string text, std::string path, CsvFormat format)
    : text_(std::move(text)), path_(std::move(path)) {
  check_text();
  parse(format);
}

CsvFile CsvFile::read(const std::string& path, CsvFormat format) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    const bool is_empty = file && file.peek() == std::ifstream::traits_type::eof();
    throw Error(NAS_E_IO, path + ": " +
                              (errno != 0 ? std::strerror(errno)
                               : is_empty ? "is empty; a header and at least one row are needed"
                                          : "cannot be read"));
  }
  return {std::move(text).str(), path, format};
}

void CsvFile::check_text() const {
  if (text_.empty()) throw Error(NAS_E_IO, path_ + ": is empty; a header and at least one row are needed");
  if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF"))
    throw Error(NAS_E_IO, path_ + ": is UTF-16; save it as UTF-8");
  for (std::size_t at = 0; at < text_.size();) {
    const std::size_t length = utf8_length(std::string_view(text_).substr(at));
    if (length == 0) refuse(at, "is not UTF-8; save the file as UTF-8");
    if (text_[at] == '\0') refuse(at, "holds a zero byte; this is no text file");
    at += length;
  }
}

void CsvFile::parse(CsvFormat format) {
  std::size_t at = text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  while (at < text_.size()) {
    if (is_line_end(at)) {  // an empty line
      at += text_[at] == '\r' ? 2 : 1;
      continue;
    }
    std::vector<Cell> line;
    for (;;) {
      line.push_back(parse_cell(at, format.delimiter));
      if (at >= text_.size() || text_[at] != format.delimiter) break;
      ++at;
    }
    if (at < text_.size()) at += text_[at] == '\r' ? 2 : 1;
    if (names_.empty()) {
      if (format.has_header) {
        take_header(line);
        continue;
      }
      take_header(std::vector<Cell>(line.size(), Cell{line.front().begin, 0, false}));
    }
    if (line.size() != names_.size()) {
      refuse(line.front().begin, "the row has " + std::to_string(line.size()) + " cells, but there are " +
                                     std::to_string(names_.size()) + " columns" +
                                     (names_.size() == 1 ? header_hint() : ""));
    }
    cells_.insert(cells_.end(), line.begin(), line.end());
  }
  if (rows() == 0) throw Error(NAS_E_IO, path_ + ": has no rows; a header and at least one row are needed");
}

void CsvFile::take_header(std::vector<Cell> first) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < first.size(); ++i) {
    std::string name = content(first[i]);
    if (name.empty()) name = "column" + std::to_string(i + 1);
    if (!seen.insert(name).second) refuse(first[i].begin, "two columns are named '" + name + "'; names have to differ");
    names_.push_back(std::move(name));
  }
}

std::string CsvFile::header_hint() const {
  if (names_.size() == 1) {
    const std::size_t at = names_[0].find_first_of(",;\t|");
    if (at == std::string::npos) return "";
    const std::string found = names_[0][at] == '\t' ? "tab" : names_[0].substr(at, 1);
    return "; the header is one cell: if '" + found + "' stands between cells, set delimiter = \"" + found + "\"";
  }
  const auto is_number = [](const std::string& name) {
    return name.find_first_of("0123456789+-.") == 0 && name.find_first_not_of("0123456789+-.eE") == std::string::npos;
  };
  const bool numbers = std::any_of(names_.begin(), names_.end(), is_number);
  return numbers ? "; if the first line is no header, set header = false" : "";
}

bool CsvFile::is_line_end(std::size_t at) const {
  return text_[at] == '\n' || (text_[at] == '\r' && at + 1 < text_.size() && text_[at + 1] == '\n');
}

CsvFile::Cell CsvFile::parse_cell(std::size_t& at, char delimiter) const {
  if (at < text_.size() && text_[at] == '"') return parse_quoted(at, delimiter);
  const std::size_t begin = at;
  while (at < text_.size() && text_[at] != delimiter && !is_line_end(at)) {
    if (text_[at] == '"')
      refuse(at, "a quote inside an unquoted cell; quote the whole cell and double the quotes in it");
    if (text_[at] == '\r') refuse(at, "a carriage return without a line feed; lines end with LF or CR LF");
    ++at;
  }
  if (at - begin > std::numeric_limits<std::uint32_t>::max()) refuse(begin, "a cell of more than 4 GiB");
  return {begin, static_cast<std::uint32_t>(at - begin), false};
}

CsvFile::Cell CsvFile::parse_quoted(std::size_t& at, char delimiter) const {
  const std::size_t open = at++;
  for (;; ++at) {
    if (at >= text_.size()) refuse(open, "the quote that opens here is never closed");
    if (text_[at] != '"') continue;
    if (at + 1 >= text_.size() || text_[at + 1] != '"') break;
    ++at;  // a doubled quote stands for one
  }
  const std::size_t size = at - open - 1;
  ++at;
  if (at < text_.size() && text_[at] != delimiter && !is_line_end(at))
    refuse(at, "text behind a closing quote; only the delimiter or the end of the line may follow");
  if (size > std::numeric_limits<std::uint32_t>::max()) refuse(open, "a cell of more than 4 GiB");
  return {open + 1, static_cast<std::uint32_t>(size), true};
}

std::string CsvFile::content(const Cell& cell) const {
  const std::string_view raw = std::string_view(text_).substr(cell.begin, cell.size);
  if (!cell.quoted) return std::string(trimmed(raw));
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    out += raw[i];
    if (raw[i] == '"') ++i;
  }
  return out;
}

std::string CsvFile::cell(std::size_t row, std::size_t column) const {
  return content(cells_[row * names_.size() + column]);
}

std::string CsvFile::place(std::size_t row, std::size_t column) const {
  return place_of(cells_[row * names_.size() + column].begin);
}

std::string CsvFile::place_of(std::size_t offset) const {
  const std::string_view before = std::string_view(text_).substr(0, offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return path_ + ":" + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
         std::to_string(offset - line_start + 1);
}

void CsvFile::refuse(std::size_t offset, const std::string& why) const {
  throw Error(NAS_E_IO, place_of(offset) + ": " + why);
}

}  // namespace nascent::csv
