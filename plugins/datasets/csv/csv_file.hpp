// Comma-separated text as RFC 4180 defines it, parsed strictly, every cell with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nascent::csv {

struct CsvFormat {
  char delimiter = ',';
  bool has_header = true;
};

// A parsed file: rows of equally many cells. Lines end with LF or CR LF; empty lines are skipped; a UTF-8 byte order
// mark at the start is skipped. Anything else that RFC 4180 does not allow is refused: Error(NAS_E_IO) with
// path:line:column.
class CsvFile {
 public:
  // `path` is for messages.
  CsvFile(std::string text, std::string path, CsvFormat format);
  // Throws Error(NAS_E_IO) also when the file cannot be read.
  static CsvFile read(const std::string& path, CsvFormat format);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  // From the header, or "column1", "column2", ...
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::size_t columns() const { return names_.size(); }
  [[nodiscard]] std::size_t rows() const { return names_.empty() ? 0 : cells_.size() / names_.size(); }
  // The content of a cell: quotes removed, doubled quotes single; unquoted cells without surrounding blanks.
  [[nodiscard]] std::string cell(std::size_t row, std::size_t column) const;
  // What to say besides when the columns are not what somebody expects: a header of one column that another delimiter would
  // divide, or of numbers; else "".
  [[nodiscard]] std::string header_hint() const;
  // Does the last line stop without a line end, within a cell that no quote closes? So does a file that was cut off.
  [[nodiscard]] bool ends_open() const { return text_.back() != '\n' && !cells_.back().quoted; }
  // "data.csv:14:9", counted from 1; columns in bytes.
  [[nodiscard]] std::string place(std::size_t row, std::size_t column) const;

 private:
  struct Cell {
    std::size_t begin;
    std::uint32_t size;
    bool quoted;
  };
  void parse(CsvFormat format);
  Cell parse_cell(std::size_t& at, char delimiter) const;
  Cell parse_quoted(std::size_t& at, char delimiter) const;
  [[nodiscard]] bool is_line_end(std::size_t at) const;
  [[nodiscard]] std::string content(const Cell& cell) const;
  [[nodiscard]] std::string place_of(std::size_t offset) const;
  [[noreturn]] void refuse(std::size_t offset, const std::string& why) const;
  void take_header(std::vector<Cell> first);
  void check_text() const;

  std::string text_, path_;
  std::vector<std::string> names_;
  std::vector<Cell> cells_;  // row-major
};

}  // namespace nascent::csv
