#include "table.hpp"

#include <zlib.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <string_view>

#include "nascent/error.hpp"

namespace table {
namespace {

// Lines of a plain or gzip file.
class Lines {
 public:
  explicit Lines(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb"), &gzclose) {
    if (file_ == nullptr) throw nascent::InvalidOption("/file", "cannot read '" + path + "'; give the path of a CSV file");
  }
  // The next line without its end; false at the end of the file.
  bool next(std::string& line) {
    line.clear();
    char buffer[1 << 14];
    while (gzgets(file_.get(), buffer, sizeof buffer) != nullptr) {
      line += buffer;
      if (line.ends_with('\n')) break;
    }
    int status = Z_OK;
    std::string_view reason = gzerror(file_.get(), &status);
    if (status != Z_OK && status != Z_STREAM_END) {
      if (reason.starts_with(path_ + ": ")) reason.remove_prefix(path_.size() + 2);
      throw nascent::InvalidOption("/file", path_ + ":" + std::to_string(number_ + 1) + ": damaged or truncated (" + std::string(reason) + ")");
    }
    if (line.empty()) return false;
    ++number_;
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return true;
  }
  [[nodiscard]] std::string where() const { return path_ + ":" + std::to_string(number_); }

 private:
  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  std::size_t number_ = 0;
};

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equals(const nas_value& choice, std::string_view cell) {
  switch (choice.type) {
    case NAS_T_STR: return std::string_view(choice.u.s, choice.n) == cell;
    case NAS_T_BOOL: return cell == (choice.u.i != 0 ? "true" : "false") || cell == (choice.u.i != 0 ? "1" : "0");
    case NAS_T_INT: return number(cell) == static_cast<double>(choice.u.i);
    case NAS_T_FLOAT: return number(cell) == choice.u.f;
    default: return false;
  }
}

// Level of a cell in a parameter; nothing when the space does not hold that value.
std::optional<std::uint64_t> level_of(nascent::ParamView parameter, std::string_view cell) {
  if (parameter.is_choice()) {
    for (std::uint32_t k = 0; k < parameter.raw().n_choices; ++k) {
      if (equals(parameter.raw().choices[k], cell)) return k;
    }
    return std::nullopt;
  }
  const std::optional<double> value = number(cell);
  if (!value || !parameter.contains(*value)) return std::nullopt;
  return parameter.level_of(*value);
}

std::size_t column_of(const std::vector<std::string>& header, std::string_view name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) return i;
  }
  return header.size();
}

}  // namespace

std::string cell_of(nascent::ParamView parameter, double value) {
  if (parameter.is_choice()) {
    const nas_value& choice = parameter.raw().choices[parameter.level_of(value)];
    if (choice.type == NAS_T_STR) return {choice.u.s, choice.n};
    if (choice.type == NAS_T_BOOL) return choice.u.i != 0 ? "true" : "false";
    value = choice.type == NAS_T_INT ? static_cast<double>(choice.u.i) : choice.u.f;
  }
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

Table::Table(const std::string& path, nascent::SpaceView space, const std::vector<Source>& sources)
    : space_(space), n_metrics_(sources.size()) {
  Lines lines(path);
  std::string line;
  if (!lines.next(line)) throw nascent::InvalidOption("/file", path + " is empty; it needs a header row");
  std::vector<std::string> header;
  for (const std::string_view name : split(line)) header.emplace_back(name);

  std::vector<std::size_t> parameter_column;
  double configurations = 1;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const std::string_view full = space[i].name();
    const std::string_view bare = full.starts_with("space.") ? full.substr(6) : full;
    std::size_t column = column_of(header, full);
    if (column == header.size()) column = column_of(header, bare);
    if (column == header.size()) {
      throw nascent::InvalidOption("/file", path + " has no column '" + std::string(bare) + "' for the parameter of that name");
    }
    if (space[i].levels() == 0) {
      throw nascent::InvalidOption("/file", "parameter '" + std::string(full) + "' is continuous; a table needs choices, integers or steps");
    }
    parameter_column.push_back(column);
    radix_.push_back(space[i].levels() + 1);
    configurations *= static_cast<double>(radix_.back());
  }
  if (configurations > 0x1p63) throw nascent::InvalidOption("/file", "the space has more than 2^63 configurations; a table cannot index it");

  std::vector<std::vector<std::size_t>> metric_columns;
  for (const Source& source : sources) {
    metric_columns.emplace_back();
    for (const std::string& name : source.columns) {
      metric_columns.back().push_back(column_of(header, name));
      if (metric_columns.back().back() == header.size()) {
        throw nascent::InvalidOption("/metrics/" + source.metric, path + " has no column '" + name + "'");
      }
    }
  }

  nascent::Point point(space.size());
  while (lines.next(line)) {
    const std::vector<std::string_view> cells = split(line);
    if (cells.size() != header.size()) {
      throw nascent::InvalidOption("/file", lines.where() + ": " + std::to_string(cells.size()) + " cells where the header has " +
                                                std::to_string(header.size()));
    }
    bool in_space = true;
    for (std::size_t i = 0; i < space.size() && in_space; ++i) {
      const std::string_view cell = cells[parameter_column[i]];
      const std::optional<std::uint64_t> level = cell.empty() ? std::optional<std::uint64_t>(0) : level_of(space[i], cell);
      in_space = level.has_value();
      point.active[i] = cell.empty() ? 0 : 1;
      if (in_space) point.x[i] = cell.empty() ? 0 : space[i].level(*level);
    }
    if (!in_space) continue;  // the space may be a part of the table
    if (!row_of_.emplace(key(point.row()), static_cast<std::uint32_t>(row_of_.size())).second) {
      throw nascent::InvalidOption("/file", lines.where() + ": this configuration has a row already");
    }
    for (std::size_t m = 0; m < metric_columns.size(); ++m) {
      double sum = 0;
      int present = 0;
      for (const std::size_t column : metric_columns[m]) {
        if (cells[column].empty()) continue;
        const std::optional<double> value = number(cells[column]);
        if (!value) {
          throw nascent::InvalidOption("/file", lines.where() + ": '" + std::string(cells[column]) + "' in column '" + header[column] + "' is no number");
        }
        sum += *value;
        ++present;
      }
      values_.push_back(present > 0 ? sum / present : std::numeric_limits<double>::quiet_NaN());
    }
  }
  if (row_of_.empty()) throw nascent::InvalidOption("/file", "no row of " + path + " lies in the search space; compare the values of its parameters");
}

std::uint64_t Table::key(nascent::ConstRow row) const {
  std::uint64_t k = 0;
  for (std::size_t i = 0; i < radix_.size(); ++i) {
    k = k * radix_[i] + (row.active[i] != 0 ? space_[i].level_of(row.x[i]) + 1 : 0);
  }
  return k;
}

std::optional<std::span<const double>> Table::find(nascent::ConstRow row) const {
  const auto found = row_of_.find(key(row));
  if (found == row_of_.end()) return std::nullopt;
  return std::span<const double>(values_).subspan(found->second * n_metrics_, n_metrics_);
}

}  // namespace table
