#include "csv.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/dataset_instance.hpp"
#include "support/files.hpp"

namespace nascent::csv {
namespace {

using test::Config;
using test::DatasetInstance;
using Given = std::vector<std::pair<std::string, test::OptionValue>>;
using Texts = std::vector<std::string>;

class CsvTest : public testing::Test {
 protected:
  DatasetInstance open(const std::string& text, const Given& given) {
    Config config;
    config.set("path", folder_.write("t.csv", text));
    for (const auto& [name, value] : given) config.set(name, value);
    config.complete<Csv>();
    return {DatasetKind::table<Csv>, config};
  }
  std::string refusal(const std::string& text, const Given& given, const std::string& option = "") {
    try {
      open(text, given);
    } catch (const Error& e) {
      EXPECT_EQ(e.option(), option);
      std::string message = e.what();
      for (std::size_t at; (at = message.find(folder_.path())) != std::string::npos;)
        message.erase(at, folder_.path().size());
      return message;
    }
    return "accepted";
  }
  static std::vector<float> features(const DatasetInstance& data, std::uint32_t split = 0) {
    const auto tensors = data.subset(split).whole_split();
    const auto values = tensors->at(0).values<float>();
    return {values.begin(), values.end()};
  }
  test::TemporaryFolder folder_;
};

TEST_F(CsvTest, numbers_are_standardised_by_the_training_rows_alone) {
  folder_.write("test.csv", "y,x\na,1000\nb,5\n");
  const auto data = open("x,y\n1,a\n3,b\n5,a\n7,b\n", {{"target", "y"}, {"test_path", folder_.path("test.csv")}});
  const double sd = std::sqrt(5.0);  // of 1, 3, 5, 7, around 4
  const auto train = features(data), test = features(data, 1);
  ASSERT_EQ(train.size(), 4U);
  EXPECT_NEAR(train[0], -3 / sd, 1e-6);
  EXPECT_NEAR(train[3], 3 / sd, 1e-6);
  EXPECT_NEAR(test[0], 996 / sd, 1e-3) << "the columns of the test file stand in another order";
  EXPECT_NEAR(test[1], 1 / sd, 1e-6);
}

TEST_F(CsvTest, categories_are_one_hot_most_frequent_first_and_unknown_ones_zero) {
  folder_.write("test.csv", "c,y\ngreen,a\nblue,b\n");
  const auto data = open("c,y\nred,a\nblue,b\nred,a\n", {{"target", "y"}, {"test_path", folder_.path("test.csv")}});
  EXPECT_EQ(features(data), (std::vector<float>{1, 0, 0, 1, 1, 0}));
  EXPECT_EQ(features(data, 1), (std::vector<float>{0, 0, 0, 1}));
}

TEST_F(CsvTest, missing_values_become_median_and_mode_with_an_indicator) {
  const auto data =
      open("x,c,y\n1,u,0\nNA,u,1\n3,,0\n8,v,1\n", {{"target", "y"}, {"test_share", 0.0}, {"standardize", false}});
  EXPECT_EQ(data.info().fields[0].shape[0], 2 + 3);
  EXPECT_EQ(features(data), (std::vector<float>{1, 0, 1, 0, 0,  //
                                                3, 1, 1, 0, 0,  // median of 1, 3, 8
                                                3, 0, 1, 0, 1,  // most frequent: u
                                                8, 0, 0, 1, 0}));
}

TEST_F(CsvTest, missing_values_are_refused_on_request_with_their_place) {
  EXPECT_EQ(refusal("x,y\n1,0\n?,1\n", {{"target", "y"}, {"missing", "refuse"}, {"test_share", 0.0}}),
            "t.csv:3:1: column 'x' has no value; fill it in, or set missing = \"impute\"");
}

TEST_F(CsvTest, text_and_few_whole_numbers_are_classes_other_numbers_a_regression) {
  const auto classes = [&](const std::string& text, const Given& given) { return open(text, given).info().n_classes; };
  EXPECT_EQ(classes("x,y\n1,a\n2,b\n", {{"target", "y"}, {"test_share", 0.0}}), 2U);
  EXPECT_EQ(classes("x,y\n1,0\n2,1\n3,2\n", {{"target", "y"}, {"test_share", 0.0}}), 3U);
  EXPECT_EQ(classes("x,y\n1,0.5\n2,1\n", {{"target", "y"}, {"test_share", 0.0}}), 0U);
  EXPECT_EQ(classes("x,y\n1,0\n2,1\n", {{"target", "y"}, {"test_share", 0.0}, {"task", "regression"}}), 0U);
  std::string many = "x,y\n";
  for (int i = 0; i < 21; ++i) many += "0," + std::to_string(i) + "\n";
  EXPECT_EQ(classes(many, {{"target", "y"}, {"test_share", 0.0}}), 0U);
  EXPECT_EQ(classes(many, {{"target", "y"}, {"test_share", 0.0}, {"task", "classification"}}), 21U);
}

TEST_F(CsvTest, classes_are_numbered_by_value_or_by_name) {
  const auto numeric = open("x,y\n1,10\n2,9\n3,-1\n", {{"target", "y"}, {"test_share", 0.0}});
  EXPECT_EQ(view(numeric.info().class_names[0]), "-1");
  EXPECT_EQ(view(numeric.info().class_names[2]), "10");
  const auto tensors = numeric.subset(0).whole_split();
  EXPECT_EQ(tensors->at(1).values<std::int64_t>()[0], 2);
  const auto named = open("x,y\n1,dog\n2,cat\n", {{"target", "y"}, {"test_share", 0.0}});
  EXPECT_EQ(view(named.info().class_names[0]), "cat");
}

TEST_F(CsvTest, regression_of_several_values_raw_or_standardised) {
  const std::string text = "x,y,z\n1,10,0.5\n2,20,1.5\n3,30,2.5\n";
  const auto raw = open(text, {{"target", Texts{"y", "z"}}, {"test_share", 0.0}});
  EXPECT_EQ(raw.info().fields[1].shape[0], 2);
  const auto tensors = raw.subset(0).whole_split();
  EXPECT_EQ(tensors->at(1).values<float>()[2], 20.0F);
  EXPECT_EQ(tensors->at(1).values<float>()[5], 2.5F);
  const auto scaled = open(text, {{"target", Texts{"y", "z"}}, {"test_share", 0.0}, {"standardize_target", true}});
  EXPECT_NEAR(scaled.subset(0).whole_split()->at(1).values<float>()[0], -std::sqrt(1.5), 1e-6);
}

TEST_F(CsvTest, listed_columns_are_categories_ignored_or_groups_and_times) {
  std::string text = "zip,id,g,t,x,y\n";
  for (int i = 0; i < 12; ++i)
    text += std::to_string(i % 2 == 0 ? 10115 : 80331) + ",id" + std::to_string(i) + ",g" + std::to_string(i / 3) +
            "," + std::to_string(100 - i) + ",1," + (i % 2 == 0 ? "a" : "b") + "\n";
  const auto data = open(
      text,
      {{"target", "y"}, {"categorical", "zip"}, {"ignore", Texts{"id", "t"}}, {"group", "g"}, {"test_share", 0.25}});
  EXPECT_EQ(data.info().fields[0].shape[0], 3);
  ASSERT_EQ(data.info().n_fields, 3U);
  EXPECT_EQ(data.info().fields[2].role, NAS_ROLE_GROUP);
  std::set<std::int64_t> train, test;
  const auto train_tensors = data.subset(0).whole_split(), test_tensors = data.subset(1).whole_split();
  for (const std::int64_t g : train_tensors->at(2).values<std::int64_t>()) train.insert(g);
  for (const std::int64_t g : test_tensors->at(2).values<std::int64_t>()) test.insert(g);
  EXPECT_EQ(train.size() + test.size(), 4U) << "no group in both";
  const auto timed =
      open(text, {{"target", "y"}, {"ignore", Texts{"id", "g", "zip"}}, {"time", "t"}, {"test_share", 0.25}});
  const auto times = timed.subset(1).whole_split();
  EXPECT_EQ(times->at(2).values<double>()[0], 100) << "the latest three stand first in the file";
  EXPECT_EQ(timed.info().splits[1].rows, 3);
}

TEST_F(CsvTest, the_test_share_is_drawn_per_class_by_seed) {
  std::string text = "x,y\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + (i < 20 ? ",rare\n" : ",common\n");
  const auto a = open(text, {{"target", "y"}}), other = open(text, {{"target", "y"}, {"split_seed", 1}});
  EXPECT_EQ(a.info().splits[0].rows, 80);
  int rare = 0;
  const auto tensors = a.subset(1).whole_split();
  for (const std::int64_t label : tensors->at(1).values<std::int64_t>()) rare += label == 1 ? 1 : 0;
  EXPECT_EQ(rare, 4);
  EXPECT_NE(features(a, 1), features(other, 1));
  EXPECT_NE(view(a.info().fingerprint), view(other.info().fingerprint));
}

TEST_F(CsvTest, gather_gives_rows_in_order_of_all_fields) {
  const auto data = open("x,y\n1,0.5\n2,1.5\n3,2.5\n", {{"target", "y"}, {"test_share", 0.0}, {"standardize", false}});
  const auto rows = data.subset(0).gather(std::vector<std::int64_t>{2, 0, 2});
  EXPECT_EQ(rows[0].values<float>()[1], 1.0F);
  EXPECT_EQ(rows[1].values<float>()[2], 2.5F);
}

TEST_F(CsvTest, constant_columns_become_zero_and_extreme_ones_stay_finite) {
  EXPECT_EQ(features(open("x,y\n0.1,a\n0.1,b\n0.1,a\n", {{"target", "y"}, {"test_share", 0.0}})),
            (std::vector<float>{0, 0, 0}));
  for (const float v : features(open("x,y\n1e300,a\n-1e300,b\n5e299,a\n", {{"target", "y"}, {"test_share", 0.0}})))
    EXPECT_LT(std::abs(v), 2);
  EXPECT_EQ(refusal("x,y\n1e300,a\n2,b\n", {{"target", "y"}, {"test_share", 0.0}, {"standardize", false}}),
            "t.csv:2:1: column 'x' has a value too large for 32-bit numbers; scale it down");
}

TEST_F(CsvTest, categories_beyond_the_maximum_are_zero) {
  EXPECT_EQ(features(open("c,y\nu,a\nv,b\nu,a\nw,b\n", {{"target", "y"}, {"test_share", 0.0}, {"categories_max", 1}})),
            (std::vector<float>{1, 0, 1, 0}));
}

TEST_F(CsvTest, tells_what_is_wrong) {
  const std::string text = "x,y\n1,a\n2,b\n";
  EXPECT_EQ(refusal(text, {{"target", "z"}}, "/target"),
            "target names column 'z', which t.csv does not have; it has: x, y");
  EXPECT_EQ(refusal(text, {{"target", "y"}, {"ignore", "x"}}, "/ignore"),
            "t.csv has no column left to predict from; the others are target, group, time or ignored");
  EXPECT_EQ(refusal(text, {{"target", "y"}, {"delimiter", ";;"}}, "/delimiter"),
            "delimiter is ';;'; it has to be one character (not a quote), or tab");
  EXPECT_EQ(
      refusal("x,y\n1,a\n2,\n", {{"target", "y"}}),
      "t.csv:3:3: column 'y' has no value; targets, groups and times need one in every row; fill it in, or remove "
      "the row");
  EXPECT_EQ(refusal("x,y\n1,a\n2,a\n", {{"target", "y"}}),
            "t.csv: column 'y' holds only 'a'; a classification needs two classes");
  EXPECT_EQ(refusal("x,y\n,a\n,b\n", {{"target", "y"}, {"test_share", 0.0}}),
            "t.csv:2:1: column 'x' has no value in any training row; list it in ignore");
  EXPECT_EQ(refusal("x,y,z\n1,a,1\n", {{"target", Texts{"x", "y"}}, {"task", "classification"}}, "/target"),
            "target names 2 columns; a classification has one");
  folder_.write("test.csv", "x,z\n1,a\n");
  EXPECT_EQ(refusal(text, {{"target", "y"}, {"test_path", folder_.path("test.csv")}}),
            "test.csv: has no column 'y', which t.csv has");
  folder_.write("bad.csv", "x,y\noops,a\n");
  EXPECT_EQ(refusal(text, {{"target", "y"}, {"test_path", folder_.path("bad.csv")}}),
            "bad.csv:2:1: column 'x' has 'oops' where numbers are needed; correct the cell, add the text to "
            "missing_tokens, or list the column in categorical");
}

TEST_F(CsvTest, a_column_of_numbers_is_not_taken_for_text_because_of_one_cell) {
  const std::string text = "x,c,y\n1,u,a\n2,v,b\noops,u,a\n4,v,b\n5,u,a\n,v,b\n";
  EXPECT_EQ(refusal(text, {{"target", "y"}}),
            "t.csv:4:1: column 'x' has 'oops', but 4 of its 5 values are numbers; correct the cell, add the text to "
            "missing_tokens, or list the column in categorical");
  EXPECT_EQ(features(open(text, {{"target", "y"}, {"missing_tokens", Texts{"", "oops"}}, {"test_share", 0.0}})).size(),
            6U * (2 + 2))
      << "a number and its indicator";
  EXPECT_EQ(open(text, {{"target", "y"}, {"categorical", "x"}, {"test_share", 0.0}}).info().fields[0].shape[0],
            5 + 1 + 2);
}

TEST_F(CsvTest, half_numbers_are_refused_fewer_are_categories) {
  EXPECT_EQ(refusal("x,y\n1,a\nu,b\n", {{"target", "y"}, {"test_share", 0.0}}),
            "t.csv:3:1: column 'x' has 'u', but 1 of its 2 values are numbers; correct the cell, add the text to "
            "missing_tokens, or list the column in categorical");
  EXPECT_EQ(features(open("x,y\n1,a\nu,b\nu,a\n", {{"target", "y"}, {"test_share", 0.0}})),
            (std::vector<float>{0, 1, 1, 0, 1, 0}));
}

TEST_F(CsvTest, a_target_of_numbers_is_not_taken_for_classes_because_of_one_cell) {
  for (const char* others : {"1,1\n2,2\n", "1,0.5\n2,2\n"}) {  // wherever a fraction stands
    const std::string text = std::string("x,y\n") + others + "3,2.5x\n";
    EXPECT_EQ(
        refusal(text, {{"target", "y"}}),
        "t.csv:4:3: column 'y' has '2.5x', but 2 of its 3 values are numbers; correct the cell, remove the row, or "
        "set task = \"classification\"");
    EXPECT_EQ(open(text, {{"target", "y"}, {"task", "classification"}}).info().n_classes, 3U);
  }
}

TEST_F(CsvTest, texts_that_all_differ_are_no_categories_unless_somebody_says_so) {
  const auto table = [](int rows) {
    std::string text = "n,y\n";
    for (int i = 0; i < rows; ++i) text += "2024-01-" + std::to_string(10 + i) + (i % 2 == 0 ? ",a\n" : ",b\n");
    return text;
  };
  EXPECT_EQ(
      refusal(table(20), {{"target", "y"}}),
      "t.csv:2:1: column 'n' has '2024-01-10' and as many different texts as values; write numbers as 1234.5, or list "
      "the column in ignore or in categorical");
  EXPECT_EQ(refusal(table(20), {{"target", "y"}, {"categorical", "n"}}), "accepted");
  EXPECT_EQ(refusal(table(20) + "2024-01-10,a\n", {{"target", "y"}}), "accepted") << "one occurs twice";
  EXPECT_EQ(refusal(table(19), {{"target", "y"}}), "accepted") << "few rows say nothing";
  EXPECT_EQ(
      refusal(table(20), {{"target", "n"}}),
      "t.csv:2:1: column 'n' has '2024-01-10' and as many different texts as values; write numbers as 1234.5, or set "
      "task = \"classification\"");
}

TEST_F(CsvTest, a_header_that_looks_wrong_is_told_with_the_way_out) {
  EXPECT_EQ(
      refusal("x;y\n1;a\n2;b\n", {{"target", "y"}}, "/target"),
      "target names column 'y', which t.csv does not have; it has: x;y; the header is one cell: if ';' stands between "
      "cells, set delimiter = \";\"");
  EXPECT_EQ(
      refusal("x;y\n1,5;a\n2,5;b\n", {{"target", "y"}}),
      "t.csv:2:1: the row has 2 cells, but there are 1 columns; the header is one cell: if ';' stands between cells, "
      "set delimiter = \";\"");
  EXPECT_EQ(refusal("x\ty\n1\ta\n2\tb\n", {{"target", "y"}, {"delimiter", ";"}}, "/target"),
            "target names column 'y', which t.csv does not have; it has: x\ty; the header is one cell: if 'tab' stands "
            "between "
            "cells, set delimiter = \"tab\"");
  EXPECT_EQ(
      refusal("1.5,a\n2,b\n", {{"target", "column2"}}, "/target"),
      "target names column 'column2', which t.csv does not have; it has: 1.5, a; if the first line is no header, set "
      "header = false");
}

TEST_F(CsvTest, a_target_is_nothing_else) {
  const std::string text = "x,y,z\n1,1,0.5\n2,2,1.5\n";
  EXPECT_EQ(refusal(text, {{"target", "z"}, {"ignore", "z"}}, "/ignore"),
            "ignore names column 'z', which target names already; leave one out");
  EXPECT_EQ(refusal(text, {{"target", "z"}, {"group", "z"}}, "/group"),
            "group names column 'z', which target names already; leave one out");
  EXPECT_EQ(refusal(text, {{"target", "z"}, {"time", "z"}}, "/time"),
            "time names column 'z', which target names already; leave one out");
  EXPECT_EQ(refusal(text, {{"target", Texts{"z", "y", "z"}}}, "/target"),
            "target names column 'z' twice; leave one out");
}

TEST_F(CsvTest, a_regression_needs_a_number_in_every_row) {
  const std::string rule = "targets, groups and times need one in every row; fill it in, or remove the row";
  const std::string way_out =
      "; times and the targets of a regression have to be numbers; correct the cell, or remove the row";
  EXPECT_EQ(refusal("x,y\n1,1\n2,b\n", {{"target", "y"}, {"task", "regression"}}),
            "t.csv:3:3: column 'y' has 'b'" + way_out);
  EXPECT_EQ(refusal("x,y\n1,1.5\n2,\n", {{"target", "y"}, {"task", "regression"}}),
            "t.csv:3:3: column 'y' has no value; " + rule);
  EXPECT_EQ(refusal("x,y,z\n1,1,2\n2,3,NA\n", {{"target", Texts{"y", "z"}}}),
            "t.csv:3:5: column 'z' has no value; " + rule);
  EXPECT_EQ(refusal("x,y\n1,1\n2,3\n",
                    {{"target", "y"}, {"task", "regression"}, {"test_path", folder_.write("bad.csv", "y,x\n?,1\n")}}),
            "bad.csv:2:1: column 'y' has no value; " + rule);
  EXPECT_EQ(refusal("x,t,y\n1,1,a\n2,2024-05-01,b\n", {{"target", "y"}, {"time", "t"}}),
            "t.csv:3:3: column 't' has '2024-05-01'" + way_out);
}

TEST_F(CsvTest, a_file_that_was_cut_off_within_its_last_cell_is_refused) {
  const std::string rest =
      ", which no other row has, and the line has no end: the file looks cut off; complete it, or end the line";
  EXPECT_EQ(refusal("x,y\n1,setosa\n2,virginica\n3,setosa\n4,virg", {{"target", "y"}}),
            "t.csv:5:3: column 'y' has 'virg'" + rest);
  EXPECT_EQ(refusal("y,c\n1,red\n2,blue\n1,r", {{"target", "y"}}), "t.csv:4:3: column 'c' has 'r'" + rest);
  folder_.write("test.csv", "c,y\nblue,two\nred,one\nblue,t");
  EXPECT_EQ(refusal("y,c\none,red\ntwo,blue\n", {{"target", "y"}, {"test_path", folder_.path("test.csv")}}),
            "test.csv:4:6: column 'y' has 't'" + rest);
  for (const char* whole : {"1,r\n", "1,\"r\"", "1,red", "1,green", "1,"})
    EXPECT_EQ(refusal(std::string("y,c\n1,red\n2,blue\n") + whole, {{"target", "y"}}), "accepted") << whole;
  EXPECT_EQ(refusal("y,c\n1,12\n2,3\n1,1", {{"target", "y"}}), "accepted") << "a number may begin another one";
}

TEST(ParseNumber, takes_finite_numbers_that_fill_the_text) {
  for (const auto& [text, value] : {std::pair{"1", 1.0}, {"-2.5e3", -2500.0}, {"+7", 7.0}, {".5", 0.5}})
    EXPECT_EQ(parse_number(text), value) << text;
  for (const char* text : {"", "+", "-", "1,5", "1 ", "0x10", "inf", "nan", "1e999", "+-1", "abc", "1e"})
    EXPECT_FALSE(parse_number(text)) << text;
}

}  // namespace
}  // namespace nascent::csv
