// What the options make of a file: which column plays which part, what is predicted, which rows belong to which split.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "csv_file.hpp"
#include "encoding.hpp"
#include "nascent/options.hpp"
#include "split.hpp"

namespace nascent::csv {

// Rows of one split and the file they stand in.
struct PlannedSplit {
  std::string name;
  CellReader cells;
  std::vector<std::size_t> rows;
  std::vector<std::size_t> column_of;  // column of the first file -> column of this split's file
};

// Columns are numbered as in the first file. Owns the files; stays where it is.
struct Plan {
  // Reads the files. Throws InvalidOption for options that do not fit them, Error(NAS_E_IO) at the place in the file.
  explicit Plan(const Options& given);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  EncodingSettings settings;
  bool standardize_target;
  std::deque<CsvFile> files;
  std::vector<std::size_t> inputs, targets;
  std::vector<std::size_t> categorical;  // the columns listed as such, and the inputs that hold text
  std::optional<std::size_t> group, time;
  std::vector<std::string> class_names;  // empty: regression
  std::map<std::string, std::int64_t> class_of;
  std::vector<PlannedSplit> splits;  // train first; test where there is one
};

// Numbers of equal texts: 0 for the first one met, and so on, over several calls.
class TextNumbers {
 public:
  std::int64_t of(const std::string& text) {
    return numbers_.emplace(text, static_cast<std::int64_t>(numbers_.size())).first->second;
  }

 private:
  std::map<std::string, std::int64_t> numbers_;
};

// The number of a cell that has to have one: a time, a target of a regression. Throws Error(NAS_E_IO).
double number_of(const CellReader& cells, std::size_t row, std::size_t column);
// The text of a cell that has to have one: a target, a group, a time. Throws Error(NAS_E_IO).
std::string text_of(const CellReader& cells, std::size_t row, std::size_t column);

}  // namespace nascent::csv
