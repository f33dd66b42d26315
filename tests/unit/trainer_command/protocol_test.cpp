// Lines that programs write, as reports.
#include "protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace {

using testing::ElementsAre;
using testing::Pair;

std::string refusal(const std::string& line) {
  try {
    command::parse_report(line, 1);
  } catch (const nascent::Error& e) {
    return e.what();
  }
  return "taken";
}

TEST(Report, has_metrics_and_the_budget_it_names_or_the_next) {
  const auto plain = command::parse_report(R"({"val_loss": 0.5, "n": 3})", 7);
  EXPECT_EQ(plain.budget, 7);
  EXPECT_THAT(plain.metrics, ElementsAre(Pair("val_loss", 0.5), Pair("n", 3)));
  EXPECT_EQ(command::parse_report(R"({"val_loss": 0.5, "budget": 2.5})", 7).budget, 2.5);
}

TEST(Report, what_python_and_c_write_for_numbers_that_are_not_finite_is_nan) {
  for (const char* word : {"NaN", "Infinity", "-Infinity", "null", "nan", "-nan", "inf", "-inf"}) {
    const auto report = command::parse_report(std::string(R"({"a": )") + word + R"(, "b": 1})", 1);
    EXPECT_TRUE(std::isnan(report.metrics[0].second)) << word;
    EXPECT_EQ(report.metrics[1].second, 1);
  }
}

TEST(Report, names_stay_as_they_are) {
  const auto report = command::parse_report(R"({"NaN_count": 3, "a\"NaN": 1, "Infinity": NaN})", 1);
  EXPECT_EQ(report.metrics[0].first, "NaN_count");
  EXPECT_EQ(report.metrics[1].first, "a\"NaN");
  EXPECT_EQ(report.metrics[2].first, "Infinity");
  EXPECT_EQ(command::parse_report(R"({"nan": 2})", 1).metrics[0].second, 2);
}

TEST(Report, other_lines_are_refused_with_the_rule) {
  EXPECT_EQ(refusal("epoch 1"), "report 'epoch 1' is no JSON object; write one object a line, names in double quotes, such as {\"val_accuracy\": 0.9}");
  EXPECT_EQ(refusal("[1]"), "report '[1]' is no JSON object; write one object a line, names in double quotes, such as {\"val_accuracy\": 0.9}");
  EXPECT_EQ(refusal(R"({"a": "x"})"), R"(report '{"a": "x"}' has 'a', which is no number; metrics are numbers)");
  EXPECT_EQ(refusal(R"({"budget": 1})"), R"(report '{"budget": 1}' holds no metric; name at least one, such as "val_accuracy")");
  EXPECT_EQ(refusal(R"({"budget": NaN, "a": 1})"),
            R"(report '{"budget": NaN, "a": 1}' has a budget that is not finite; give what was spent so far)");
}

}  // namespace
