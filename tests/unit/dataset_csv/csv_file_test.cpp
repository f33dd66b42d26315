#include "csv_file.hpp"

#include <gtest/gtest.h>

#include "nascent/error.hpp"

namespace nascent::csv {
namespace {

using Texts = std::vector<std::string>;

CsvFile parsed(std::string text, CsvFormat format = {}) { return {std::move(text), "t.csv", format}; }

Texts row(const CsvFile& file, std::size_t r) {
  Texts cells;
  for (std::size_t c = 0; c < file.columns(); ++c) cells.push_back(file.cell(r, c));
  return cells;
}

std::string refusal(std::string text, CsvFormat format = {}) {
  try {
    parsed(std::move(text), format);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_IO);
    return e.what();
  }
  return "accepted";
}

TEST(CsvFile, reads_names_and_rows) {
  const CsvFile file = parsed("a,b\n1,2\n3,4\n");
  EXPECT_EQ(file.names(), (Texts{"a", "b"}));
  ASSERT_EQ(file.rows(), 2U);
  EXPECT_EQ(row(file, 1), (Texts{"3", "4"}));
}

TEST(CsvFile, quotes_protect_delimiters_newlines_and_quotes) {
  const CsvFile file = parsed("a,b\n\"x,\ny\",\"say \"\"hi\"\"\"\n\"\",\" kept \"\n");
  EXPECT_EQ(row(file, 0), (Texts{"x,\ny", "say \"hi\""}));
  EXPECT_EQ(row(file, 1), (Texts{"", " kept "}));
}

TEST(CsvFile, takes_every_line_end_a_missing_last_one_empty_lines_and_a_byte_order_mark) {
  for (const char* text : {"a,b\r\n1,2\r\n", "a,b\n1,2", "\n\na,b\n\n1,2\n\n",
                           "\xEF\xBB\xBF"
                           "a,b\n1,2\n"}) {
    const CsvFile file = parsed(text);
    EXPECT_EQ(file.names(), (Texts{"a", "b"}));
    ASSERT_EQ(file.rows(), 1U);
    EXPECT_EQ(row(file, 0), (Texts{"1", "2"}));
  }
}

TEST(CsvFile, drops_blanks_around_unquoted_cells_and_keeps_empty_ones) {
  EXPECT_EQ(row(parsed("a,b,c\n 1 ,,\t x y\n"), 0), (Texts{"1", "", "x y"}));
}

TEST(CsvFile, other_delimiters_and_no_header) {
  EXPECT_EQ(row(parsed("a;b\n1,5;2\n", {';', true}), 0), (Texts{"1,5", "2"}));
  const CsvFile file = parsed("1\t2\n3\t4\n", {'\t', false});
  EXPECT_EQ(file.names(), (Texts{"column1", "column2"}));
  EXPECT_EQ(file.rows(), 2U);
}

TEST(CsvFile, knows_the_place_of_every_cell) {
  const CsvFile file = parsed("a,b\n1,\"x\ny\"\n3,44\n");
  EXPECT_EQ(file.place(0, 0), "t.csv:2:1");
  EXPECT_EQ(file.place(1, 1), "t.csv:4:3") << "a quoted line end counts as a line";
}

TEST(CsvFile, tells_what_is_wrong_and_where) {
  EXPECT_EQ(refusal(""), "t.csv: is empty; a header and at least one row are needed");
  EXPECT_EQ(refusal("a,b\n"), "t.csv: has no rows; a header and at least one row are needed");
  EXPECT_EQ(refusal("a,b\n1,2\n3\n"), "t.csv:3:1: the row has 1 cells, but there are 2 columns");
  EXPECT_EQ(refusal("a,b\n1,2,3\n"), "t.csv:2:1: the row has 3 cells, but there are 2 columns");
  EXPECT_EQ(refusal("a,b\n1,\"2\n"), "t.csv:2:3: the quote that opens here is never closed");
  EXPECT_EQ(refusal("a,b\n1,\"2\"x\n"),
            "t.csv:2:6: text behind a closing quote; only the delimiter or the end of the line may follow");
  EXPECT_EQ(refusal("a,b\n1,2\"\n"),
            "t.csv:2:4: a quote inside an unquoted cell; quote the whole cell and double the quotes in it");
  EXPECT_EQ(refusal("a,b\r1,2\r"), "t.csv:1:4: a carriage return without a line feed; lines end with LF or CR LF");
  EXPECT_EQ(refusal("a,a\n1,2\n"), "t.csv:1:3: two columns are named 'a'; names have to differ");
  EXPECT_EQ(refusal("a,b\n1,\xff\n"), "t.csv:2:3: is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(refusal("a,b\n1,\xC0\x80\n"), "t.csv:2:3: is not UTF-8; save the file as UTF-8") << "overlong";
  EXPECT_EQ(refusal("a,b\n1,\xED\xA0\x80\n"), "t.csv:2:3: is not UTF-8; save the file as UTF-8") << "a surrogate";
  EXPECT_EQ(refusal(std::string("a,b\n1,\0\n", 8)), "t.csv:2:3: holds a zero byte; this is no text file");
  EXPECT_EQ(refusal("\xFF\xFE"
                    "a\0"),
            "t.csv: is UTF-16; save it as UTF-8");
}

TEST(CsvFile, utf8_of_every_length_passes) {
  EXPECT_EQ(row(parsed("a,b\n\xC3\xA4,\xE2\x82\xAC\xF0\x9F\x90\x88\n"), 0),
            (Texts{"\xC3\xA4", "\xE2\x82\xAC\xF0\x9F\x90\x88"}));
}

TEST(CsvFile, names_a_file_that_cannot_be_read) {
  try {
    CsvFile::read("/no/such/file.csv", {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "/no/such/file.csv: No such file or directory");
  }
}

}  // namespace
}  // namespace nascent::csv
