#include "encoding.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "nascent/error.hpp"

namespace nascent::csv {
namespace {

[[noreturn]] void refuse_missing(const CellReader& cells, std::size_t row, std::size_t column) {
  cells.refuse(row, column, "has no value; fill it in, or set missing = \"impute\"");
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

}  // namespace

std::string shown(const std::string& text) {
  constexpr std::size_t kBytesMax = 40;
  std::size_t n = std::min(text.size(), kBytesMax);
  while (n < text.size() && n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U) --n;
  std::string quoted = "'";
  quoted.append(text, 0, n).append(n < text.size() ? "...'" : "'");
  return quoted;
}

std::optional<double> parse_number(const std::string& text) {
  const char* first = text.data();
  const char* const last = first + text.size();
  if (last - first > 1 && *first == '+' && first[1] != '-') ++first;
  double value = 0;
  const auto [end, failed] = std::from_chars(first, last, value);
  if (failed != std::errc() || end != last || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool CellReader::is_missing(std::size_t row, std::size_t column) const {
  const std::string text = file_->cell(row, column);
  return std::find(settings_->missing_tokens.begin(), settings_->missing_tokens.end(), text) !=
         settings_->missing_tokens.end();
}

void CellReader::refuse(std::size_t row, std::size_t column, const std::string& why) const {
  throw Error(NAS_E_IO, file_->place(row, column) + ": column '" + file_->names()[column] + "' " + why);
}

double CellReader::number(std::size_t row, std::size_t column) const {
  const std::string text = file_->cell(row, column);
  if (const auto value = parse_number(text)) return *value;
  refuse(row, column,
         "has " + shown(text) +
             " where numbers are needed; correct the cell, add the text to missing_tokens, or list the column in "
             "categorical");
}

bool holds_numbers(const CellReader& cells, std::size_t column, const std::string& way_out) {
  std::size_t numbers = 0, texts = 0, first_text = 0;
  for (std::size_t row = 0; row < cells.file().rows(); ++row) {
    if (cells.is_missing(row, column)) continue;
    if (parse_number(cells.file().cell(row, column)))
      ++numbers;
    else if (texts++ == 0)
      first_text = row;
  }
  if (texts == 0 || numbers < texts) return texts == 0;
  cells.refuse(first_text, column,
               "has " + shown(cells.file().cell(first_text, column)) + ", but " + std::to_string(numbers) + " of its " +
                   std::to_string(numbers + texts) + " values are numbers; correct the cell, " + way_out);
}

ColumnEncoding ColumnEncoding::of_numbers(const CellReader& cells, std::size_t column,
                                          const std::vector<std::size_t>& rows, const EncodingSettings& settings) {
  ColumnEncoding e;
  e.refuse_missing_ = settings.missing == MissingRule::refuse;
  std::vector<double> values;
  for (const std::size_t row : rows) {
    if (!cells.is_missing(row, column)) {
      values.push_back(cells.number(row, column));
      continue;
    }
    if (e.refuse_missing_) refuse_missing(cells, row, column);
    e.has_indicator_ = true;
  }
  if (values.empty()) cells.refuse(rows.front(), column, "has no value in any training row; list it in ignore");
  e.fallback_ = median_of(values);
  if (!settings.standardize) return e;
  // Mean and deviation in two passes, scaled: extreme values neither overflow nor cancel.
  double largest = 0;
  for (const double v : values) largest = std::max(largest, std::abs(v));
  if (largest == 0) return e;
  double sum = 0, squares = 0;
  for (const double v : values) sum += v / largest;
  const double mean = sum / static_cast<double>(values.size());
  for (const double v : values) squares += (v / largest - mean) * (v / largest - mean);
  e.mean_ = mean * largest;
  const double sd = std::sqrt(squares / static_cast<double>(values.size())) * largest;
  if (sd > 1e-12 * largest) e.sd_ = sd;  // else constant up to rounding
  return e;
}

ColumnEncoding ColumnEncoding::of_categories(const CellReader& cells, std::size_t column,
                                             const std::vector<std::size_t>& rows, const EncodingSettings& settings) {
  ColumnEncoding e;
  e.is_categorical_ = true;
  e.refuse_missing_ = settings.missing == MissingRule::refuse;
  std::map<std::string, std::size_t> counts;
  for (const std::size_t row : rows) {
    if (!cells.is_missing(row, column)) {
      ++counts[cells.file().cell(row, column)];
      continue;
    }
    if (e.refuse_missing_) refuse_missing(cells, row, column);
    e.has_indicator_ = true;
  }
  if (counts.empty()) cells.refuse(rows.front(), column, "has no value in any training row; list it in ignore");
  std::vector<std::pair<std::string, std::size_t>> by_frequency(counts.begin(), counts.end());
  std::stable_sort(by_frequency.begin(), by_frequency.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  by_frequency.resize(std::min(by_frequency.size(), settings.categories_max));
  for (auto& [name, n] : by_frequency) e.categories_.push_back(std::move(name));
  return e;
}

void ColumnEncoding::encode(const CellReader& cells, std::size_t row, std::size_t column,
                            std::vector<float>& out) const {
  const bool missing = cells.is_missing(row, column);
  if (missing && refuse_missing_) refuse_missing(cells, row, column);
  if (is_categorical_) {
    const std::string value = missing ? categories_.front() : cells.file().cell(row, column);
    for (const std::string& category : categories_) out.push_back(category == value ? 1.0F : 0.0F);
  } else {
    const double value = missing ? fallback_ : cells.number(row, column);
    const auto scaled = static_cast<float>((value - mean_) / sd_);
    if (!std::isfinite(scaled)) cells.refuse(row, column, "has a value too large for 32-bit numbers; scale it down");
    out.push_back(scaled);
  }
  if (has_indicator_) out.push_back(missing ? 1.0F : 0.0F);
}

}  // namespace nascent::csv
