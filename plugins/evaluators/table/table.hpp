// A table of results measured before, indexed by configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "nascent/space_view.hpp"

namespace table {

// One metric: the mean of some columns.
struct Source {
  std::string metric;
  std::vector<std::string> columns;
};

// The text that stands for a parameter's value in a table: a number, or a choice's text.
std::string cell_of(nascent::ParamView parameter, double value);

// Reads a CSV file (plain or gzip; header row, comma, no quoting, empty cell = missing) whose parameter columns carry the
// parameters' names, with or without the leading "space.". Cells hold the value, or for choices its text.
class Table {
 public:
  // Throws nascent::Error naming file and line, or the parameter or column that does not fit.
  Table(const std::string& path, nascent::SpaceView space, const std::vector<Source>& sources);

  // Values of the metrics, in the order of the sources; nothing when no row has this configuration. NaN = missing.
  [[nodiscard]] std::optional<std::span<const double>> find(nascent::ConstRow row) const;
  [[nodiscard]] std::size_t rows() const { return row_of_.size(); }

 private:
  [[nodiscard]] std::uint64_t key(nascent::ConstRow row) const;

  nascent::SpaceView space_;
  std::size_t n_metrics_;
  std::vector<std::uint64_t> radix_;  // levels + 1 of each parameter: level 0 stands for "inactive"
  std::unordered_map<std::uint64_t, std::uint32_t> row_of_;
  std::vector<double> values_;  // [rows][n_metrics]
};

}  // namespace table
