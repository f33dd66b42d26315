// Reads a gzip-compressed CSV file of numbers with a header row.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace nascent::search_quality {

struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<double>> rows;  // [n_rows][n_columns]; NaN where a cell is empty

  // Throws std::runtime_error naming the column when there is none.
  [[nodiscard]] std::size_t column(const std::string& name) const;
};

// Throws std::runtime_error naming the file and the line.
CsvTable read_csv_gz(const std::filesystem::path& path);

}  // namespace nascent::search_quality
