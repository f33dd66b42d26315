// Fuzzes the CSV reader and the encoding of its columns. The first byte chooses the format; the rest is the file.
#include <numeric>

#include "csv_file.hpp"
#include "encoding.hpp"
#include "nascent/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using namespace nascent::csv;
  const CsvFormat format{",;\t|"[data[0] % 4], (data[0] & 4U) == 0};
  const EncodingSettings settings{
      {"", "?", "NA"}, (data[0] & 8U) == 0 ? MissingRule::impute : MissingRule::refuse, (data[0] & 16U) == 0, 3};
  try {
    const CsvFile file(std::string(reinterpret_cast<const char*>(data + 1), size - 1), "fuzz", format);
    const CellReader cells(file, settings);
    std::vector<std::size_t> rows((file.rows() + 1) / 2);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    std::vector<float> out;
    for (std::size_t column = 0; column < file.columns(); ++column) {
      const auto encoding = holds_numbers(cells, column, "or not")
                                ? ColumnEncoding::of_numbers(cells, column, rows, settings)
                                : ColumnEncoding::of_categories(cells, column, rows, settings);
      out.clear();
      for (std::size_t row = 0; row < file.rows(); ++row) encoding.encode(cells, row, column, out);
      if (out.size() != encoding.width() * file.rows()) __builtin_trap();
    }
  } catch (const nascent::Error&) {  // refused with a message: what hostile input should meet
  }
  return 0;
}
