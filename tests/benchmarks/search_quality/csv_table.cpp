#include "csv_table.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace nascent::search_quality {
namespace {

std::string unpacked(const std::filesystem::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error(path.string() + " cannot be opened");
  std::string text, buffer(1U << 16U, '\0');
  while (true) {
    const int n = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    if (n < 0) throw std::runtime_error(path.string() + " is no gzip file, or damaged");
    if (n == 0) return text;
    text.append(buffer, 0, static_cast<std::size_t>(n));
  }
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  if (line.ends_with(',')) cells.emplace_back();
  return cells;
}

}  // namespace

std::size_t CsvTable::column(const std::string& name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) throw std::runtime_error("the table has no column '" + name + "'");
  return static_cast<std::size_t>(found - header.begin());
}

CsvTable read_csv_gz(const std::filesystem::path& path) {
  std::istringstream lines(unpacked(path));
  std::string line;
  CsvTable table;
  if (std::getline(lines, line)) table.header = cells_of(line);
  while (std::getline(lines, line)) {
    std::vector<double> row;
    for (const std::string& cell : cells_of(line)) row.push_back(cell.empty() ? std::nan("") : std::strtod(cell.c_str(), nullptr));
    if (row.size() != table.header.size()) {
      throw std::runtime_error(path.string() + ": row " + std::to_string(table.rows.size() + 2) + " has " +
                               std::to_string(row.size()) + " cells, the header " + std::to_string(table.header.size()));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace nascent::search_quality
