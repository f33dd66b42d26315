// Tables of finished experiments: what is found in them, and how a table that does not fit is refused.
#include "table/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "nascent/space_builder.hpp"
#include "support/files.hpp"

namespace {

using nascent::Point;
using table::Source;
using testing::ElementsAre;

// space.x in 1 .. 3, space.kind "a" or "b", space.rate in 0, 0.25 .. 1 where kind is "b".
nascent::SpaceDeclaration small_space() {
  nascent::SpaceBuilder s;
  s.integer("space.x", 1, 3);
  const auto kind = s.choice("space.kind", {"a", "b"});
  s.when(s.is(kind, "b"), [](nascent::SpaceBuilder& in) { in.real("space.rate", 0, 1, {.step = 0.25}); });
  return s.declaration();
}

Point at(double x, double kind, std::optional<double> rate = std::nullopt) {
  Point p(3);
  p.x = {x, kind, rate.value_or(0)};
  p.active = {1, 1, static_cast<std::uint8_t>(rate ? 1 : 0)};
  return p;
}

class TableTest : public testing::Test {
 protected:
  table::Table read(const std::string& path, const std::vector<Source>& sources = {{"score", {"score"}}}) {
    return table::Table(path, nascent::SpaceView(space_.view()), sources);
  }
  // The message that refuses a table; the file's path in it is written FILE.
  std::string refusal(const std::string& path, const std::vector<Source>& sources = {{"score", {"score"}}}) {
    try {
      read(path, sources);
    } catch (const nascent::Error& e) {
      std::string message = e.what();
      for (std::size_t i = message.find(path); i != std::string::npos; i = message.find(path)) message.replace(i, path.size(), "FILE");
      return e.option() + " " + message;
    }
    return "taken";
  }
  std::string gzip(const std::string& name, const std::string& text) {
    const std::string path = folder_.path(name);
    const gzFile file = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
    gzclose(file);
    return path;
  }

  nascent::test::TemporaryFolder folder_;
  nascent::SpaceDeclaration space_ = small_space();
};

const std::string three_rows =
    "note,space.x,kind,rate,score,seed0,seed1\n"
    "first,1,a,,0.5,1,2\n"
    "second,2,b,0.25,0.75,,4\n"
    "third,3,b,1,1.5,,\n";

TEST_F(TableTest, finds_rows_by_configuration) {
  const table::Table table = read(folder_.write("t.csv", three_rows));
  EXPECT_EQ(table.rows(), 3);
  EXPECT_THAT(*table.find(at(1, 0).row()), ElementsAre(0.5));
  EXPECT_THAT(*table.find(at(2, 1, 0.25).row()), ElementsAre(0.75));
  EXPECT_THAT(*table.find(at(3, 1, 1).row()), ElementsAre(1.5));
  EXPECT_FALSE(table.find(at(2, 0).row()));
  EXPECT_FALSE(table.find(at(2, 1, 0.5).row()));
}

TEST_F(TableTest, reads_gzip_and_lines_longer_than_its_buffer) {
  const std::string long_note(100'000, 'n');
  const table::Table table = read(gzip("t.csv.gz", "x,kind,rate,note,score\n1,a,," + long_note + ",0.5\n2,a,," + long_note + ",0.25\n"));
  EXPECT_THAT(*table.find(at(2, 0).row()), ElementsAre(0.25));
}

TEST_F(TableTest, a_last_line_without_its_end_and_carriage_returns_are_taken) {
  const table::Table table = read(folder_.write("t.csv", "x,kind,rate,score\r\n1,a,,0.5\r\n2,a,,0.25"));
  EXPECT_THAT(*table.find(at(1, 0).row()), ElementsAre(0.5));
  EXPECT_THAT(*table.find(at(2, 0).row()), ElementsAre(0.25));
}

TEST_F(TableTest, several_columns_give_their_mean_and_empty_cells_do_not_count) {
  const table::Table table = read(folder_.write("t.csv", three_rows), {{"mean", {"seed0", "seed1"}}, {"score", {"score"}}});
  EXPECT_THAT(*table.find(at(1, 0).row()), ElementsAre(1.5, 0.5));
  EXPECT_THAT(*table.find(at(2, 1, 0.25).row()), ElementsAre(4, 0.75));
  EXPECT_TRUE(std::isnan((*table.find(at(3, 1, 1).row()))[0]));
}

TEST_F(TableTest, rows_outside_the_space_are_passed_over) {
  const table::Table table = read(folder_.write("t.csv", "x,kind,rate,score\n9,a,,1\n1,c,,2\n1,b,0.3,3\n1.5,a,,4\n1,a,,5\n"));
  EXPECT_EQ(table.rows(), 1);
  EXPECT_THAT(*table.find(at(1, 0).row()), ElementsAre(5));
}

TEST_F(TableTest, a_table_without_a_row_in_the_space_is_refused) {
  EXPECT_EQ(refusal(folder_.write("t.csv", "x,kind,rate,score\n9,a,,1\n")),
            "/file no row of FILE lies in the search space; compare the values of its parameters");
}

TEST_F(TableTest, a_configuration_may_have_one_row_only) {
  EXPECT_EQ(refusal(folder_.write("t.csv", "x,kind,rate,score\n1,a,,1\n2,a,,1\n1,a,,3\n")),
            "/file FILE:4: this configuration has a row already");
}

TEST_F(TableTest, every_row_has_as_many_cells_as_the_header) {
  EXPECT_EQ(refusal(folder_.write("few.csv", "x,kind,rate,score\n1,a,,1\n2,a,1\n")), "/file FILE:3: 3 cells where the header has 4");
  EXPECT_EQ(refusal(folder_.write("many.csv", "x,kind,rate,score\n1,a,,1,7\n")), "/file FILE:2: 5 cells where the header has 4");
}

TEST_F(TableTest, a_metric_that_is_no_number_is_refused) {
  EXPECT_EQ(refusal(folder_.write("t.csv", "x,kind,rate,score\n1,a,,good\n")), "/file FILE:2: 'good' in column 'score' is no number");
}

TEST_F(TableTest, missing_columns_are_refused) {
  EXPECT_EQ(refusal(folder_.write("t.csv", "x,rate,score\n1,,1\n")), "/file FILE has no column 'kind' for the parameter of that name");
  EXPECT_EQ(refusal(folder_.write("u.csv", "x,kind,rate,scor\n1,a,,1\n")), "/metrics/score FILE has no column 'score'");
}

TEST_F(TableTest, empty_and_absent_files_are_refused) {
  EXPECT_EQ(refusal(folder_.write("t.csv", "")), "/file FILE is empty; it needs a header row");
  EXPECT_EQ(refusal(folder_.path("absent.csv")), "/file cannot read 'FILE'; give the path of a CSV file");
}

TEST_F(TableTest, a_truncated_gzip_file_is_refused) {
  const std::string whole = gzip("whole.gz", three_rows);
  std::ifstream file(whole, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(refusal(folder_.write("cut.gz", bytes.substr(0, bytes.size() / 2))), "/file FILE:1: damaged or truncated (unexpected end of file)");
}

TEST_F(TableTest, a_damaged_gzip_file_is_refused) {
  const std::string whole = gzip("whole.gz", three_rows);
  std::ifstream file(whole, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  bytes[bytes.size() - 8] ^= 1;  // the checksum
  EXPECT_THAT(refusal(folder_.write("bad.gz", bytes)), testing::HasSubstr("damaged or truncated (incorrect data check)"));
}

TEST_F(TableTest, continuous_parameters_are_refused) {
  nascent::SpaceBuilder s;
  s.real("space.x", 0, 1);
  space_ = s.declaration();
  EXPECT_EQ(refusal(folder_.write("t.csv", "x,score\n0.5,1\n")),
            "/file parameter 'space.x' is continuous; a table needs choices, integers or steps");
}

TEST_F(TableTest, choices_of_every_type_are_compared_by_value) {
  nascent::SpaceBuilder s;
  s.ordinal<std::int64_t>("width", {16, 32});
  s.choice<double>("share", {0.5, 0.25});
  s.choice<bool>("bias", {false, true});
  space_ = s.declaration();
  const table::Table table = read(folder_.write("t.csv", "width,share,bias,score\n32.0,0.250,true,1\n16,0.5,0,2\n"));
  Point p(3);
  p.active = {1, 1, 1};
  p.x = {1, 1, 1};
  EXPECT_THAT(*table.find(p.row()), ElementsAre(1));
  p.x = {0, 0, 0};
  EXPECT_THAT(*table.find(p.row()), ElementsAre(2));
}

TEST_F(TableTest, cells_are_written_as_they_are_read) {
  const nascent::SpaceView space(space_.view());
  EXPECT_EQ(table::cell_of(space[0], 2), "2");
  EXPECT_EQ(table::cell_of(space[1], 1), "b");
  EXPECT_EQ(table::cell_of(space[2], 0.25), "0.25");
}

}  // namespace
