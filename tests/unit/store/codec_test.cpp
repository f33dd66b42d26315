#include "store/codec.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace nascent::core::store {
namespace {

using ::testing::HasSubstr;

TEST(Codec, metrics_are_readable_json) {
  const std::vector<Metric> metrics = {{"val_accuracy", 0.1},
                                       {"parameters", 500000},
                                       {"zero", -0.0},
                                       {"big", 1e300},
                                       {"loss", std::numeric_limits<double>::quiet_NaN()},
                                       {"up", std::numeric_limits<double>::infinity()},
                                       {"down", -std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(
      metrics_to_json(metrics),
      R"({"val_accuracy":0.1,"parameters":500000.0,"zero":-0.0,"big":1e+300,"loss":"NaN","up":"Infinity","down":"-Infinity"})");
}

TEST(Codec, every_double_reads_back_bit_by_bit) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto given = std::bit_cast<double>(random());
    const auto read = metrics_from_json(metrics_to_json({{"m", given}}));
    ASSERT_TRUE(read);
    if (std::isnan(given)) {
      ASSERT_TRUE(std::isnan(read->at(0).value));
    } else {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(read->at(0).value), std::bit_cast<std::uint64_t>(given));
    }
  }
}

TEST(Codec, text_that_is_no_metrics_is_not_read) {
  for (const char* text : {"", "{", "[]", "null", R"({"a":"b"})", R"({"a":null})", R"({"a":1)"}) {
    EXPECT_FALSE(metrics_from_json(text)) << text;
  }
  EXPECT_FALSE(configuration_from_bytes(std::string(10, 'x')));
}

TEST(Codec, any_json_object_of_numbers_is_read_however_it_is_written) {
  EXPECT_THAT(metrics_from_json("{}"), ::testing::Optional(::testing::IsEmpty()));
  const auto read = metrics_from_json(R"( { "a" : 1, "b\u00e9":-0.5e+2 ,"c":0,"d":1e-400, "e\"":"Infinity"} )");
  ASSERT_TRUE(read);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(*read, (std::vector<Metric>{{"a", 1}, {"b\xc3\xa9", -50}, {"c", 0}, {"d", 0}, {"e\"", infinity}}));
  for (const char* text : {"{\"a\":01}", "{\"a\":1.}", "{\"a\":1.e5}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":inf}", "{\"a\":nan}", "{\"a\":-}",
                           "{\"a\":1e}", "{\"a\":1,}", "{\"a\":1", "{\"a\":1}x", "{\"a\" 1}", "{a:1}", "{\"a\":1e999}", "{"}) {
    EXPECT_FALSE(metrics_from_json(text)) << text;
  }
}

TEST(Codec, bytes_that_are_no_utf8_do_not_spoil_a_row) {
  const auto read = metrics_from_json(metrics_to_json({{"bad \xff name", 1}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).name, "bad \xef\xbf\xbd name");
}

TEST(Codec, a_configuration_is_written_by_name) {
  const auto names = ParameterNames::parse(R"([{"name":"trainer.learning_rate","kind":"float"},
    {"name":"space.depth"},{"name":"space.block","choices":["plain","residual"]},{"name":"space.width","choices":[16,32]},
    {"name":"space.off"}])");
  ASSERT_TRUE(names);
  const Configuration configuration{{0.00125, 3, 1, 0, 7}, {1, 1, 1, 1, 0}};
  EXPECT_EQ(names->to_json(configuration),
            R"({"trainer.learning_rate":0.00125,"space.depth":3,"space.block":"residual","space.width":16})");
}

TEST(Codec, a_configuration_of_another_length_does_not_fit) {
  const auto names = ParameterNames::parse(R"([{"name":"a"}])");
  EXPECT_TRUE(names->check({{1}, {1}}));
  EXPECT_FALSE(names->check({{1, 2}, {1, 1}}));
  EXPECT_FALSE(names->check({{1}, {}}));
  EXPECT_TRUE(ParameterNames::parse("")->check({{1, 2}, {1, 1}}));  // a study without declarations takes any
}

TEST(Codec, a_space_without_names_is_refused) {
  const auto names = ParameterNames::parse(R"([{"name":"a"},{"kind":"float"}])");
  ASSERT_FALSE(names);
  EXPECT_THAT(names.error().message, HasSubstr("parameter 1 has no \"name\""));
}

}  // namespace
}  // namespace nascent::core::store
