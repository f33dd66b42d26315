// From cells to numbers: columns with statistics learnt from the training rows, applied to every row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "csv_file.hpp"

namespace nascent::csv {

enum class MissingRule { impute, refuse };

struct EncodingSettings {
  std::vector<std::string> missing_tokens;  // cells that mean "no value"
  MissingRule missing = MissingRule::impute;
  bool standardize = true;
  std::size_t categories_max = 100;
};

// A finite number that fills the whole text, with an optional '+' in front; nothing otherwise.
std::optional<double> parse_number(const std::string& text);

// The beginning of a cell in quotes, for messages: at most 40 bytes, no character cut in two.
std::string shown(const std::string& text);

class CellReader {
 public:
  CellReader(const CsvFile& file, const EncodingSettings& settings) : file_(&file), settings_(&settings) {}
  [[nodiscard]] const CsvFile& file() const { return *file_; }
  [[nodiscard]] bool is_missing(std::size_t row, std::size_t column) const;
  // Throws Error(NAS_E_IO) with the cell's place when it holds no number.
  [[nodiscard]] double number(std::size_t row, std::size_t column) const;
  // Throws Error(NAS_E_IO): the cell's place, its column's name, `why`.
  [[noreturn]] void refuse(std::size_t row, std::size_t column, const std::string& why) const;

 private:
  const CsvFile* file_;
  const EncodingSettings* settings_;
};

// One column of the file as one or more features. Numbers: the value (standardised), then an indicator if the training
// rows have missing values. Categories: one feature per category, most frequent first, all 0 for an unknown one.
class ColumnEncoding {
 public:
  // rows: the training rows, none of the others is looked at. Throws Error(NAS_E_IO) at the cell that breaks a rule.
  static ColumnEncoding of_numbers(const CellReader& cells, std::size_t column, const std::vector<std::size_t>& rows,
                                   const EncodingSettings& settings);
  static ColumnEncoding of_categories(const CellReader& cells, std::size_t column, const std::vector<std::size_t>& rows,
                                      const EncodingSettings& settings);

  [[nodiscard]] std::size_t width() const {
    return (is_categorical_ ? categories_.size() : 1) + (has_indicator_ ? 1 : 0);
  }
  // Appends width() features of one row; `column` is where this column stands in that file.
  void encode(const CellReader& cells, std::size_t row, std::size_t column, std::vector<float>& out) const;

 private:
  bool is_categorical_ = false, has_indicator_ = false, refuse_missing_ = false;
  double mean_ = 0, sd_ = 1, fallback_ = 0;  // numbers; fallback: median
  std::vector<std::string> categories_;      // the first one replaces missing values
};

// Is every value of this column that is there a number? Throws Error(NAS_E_IO) at the first one that is none where at
// least half of them are; `way_out` says what can be done besides correcting that cell.
bool holds_numbers(const CellReader& cells, std::size_t column, const std::string& way_out);

}  // namespace nascent::csv
