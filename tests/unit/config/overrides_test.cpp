#include <gtest/gtest.h>

#include "schema.hpp"

namespace nascent::core::test {
namespace {

Result<StudyConfig> with(std::vector<std::string> overrides) {
  return parse_study(minimal_study, "study.toml", "/data", overrides);
}

TEST(Overrides, replace_values_and_add_sections) {
  const auto study = with({"study.seed=7", "stop.wall_time=5min", "sampler.type=evolution", "sampler.population=20"});
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ(study->seed, 7U);
  EXPECT_EQ(study->stop.wall_seconds, 300);
  EXPECT_EQ(study->sampler.type, "evolution");
  EXPECT_EQ(std::get<std::int64_t>(find(study->sampler.options, "population")->data), 20);
  EXPECT_EQ(to_string(find(study->sampler.options, "population")->where), "--set");
}

TEST(Overrides, take_any_toml_value_and_else_plain_text) {
  const auto study = with({"sampler.type=x", "sampler.a={ uniform = [1, 2] }", "sampler.b=2026-01-01", "sampler.c=a b",
                           "sampler.d=\"quoted\"", "sampler.e=1\nf = 2", "sampler.g=", "sampler.h=inf"});
  ASSERT_TRUE(study) << study.error().message;
  const auto value = [&](const char* key) { return to_toml(*find(study->sampler.options, key)); };
  EXPECT_EQ(value("a"), "{ uniform = [1, 2] }");
  EXPECT_EQ(value("b"), "\"2026-01-01\"");
  EXPECT_EQ(value("c"), "\"a b\"");
  EXPECT_EQ(value("d"), "\"quoted\"");
  EXPECT_EQ(value("e"), "\"1\\nf = 2\"");
  EXPECT_EQ(value("g"), "\"\"");
  EXPECT_EQ(value("h"), "\"inf\"");
  EXPECT_EQ(find(study->sampler.options, "f"), nullptr);
}

TEST(Overrides, reach_into_arrays_and_append_to_them) {
  const auto study = with({"evaluator.0.type=classification", "evaluator.1.type=table", "compressor.0.type=prune"});
  ASSERT_TRUE(study) << study.error().message;
  ASSERT_EQ(study->evaluators.size(), 2U);
  EXPECT_EQ(study->evaluators[0].type, "classification");
  EXPECT_EQ(study->evaluators[1].path, "evaluator.1");
  ASSERT_EQ(study->compressors.size(), 1U);
}

TEST(Overrides, the_last_one_wins) { EXPECT_EQ(with({"study.seed=1", "study.seed=2"})->seed, 2U); }

TEST(Overrides, say_what_is_wrong_with_them) {
  const auto message = [](const std::string& text) { return with({text}).error().message; };
  EXPECT_EQ(message("study.sed=1"), "--set: unknown key \"sed\" in [study]; did you mean \"seed\"?");
  EXPECT_EQ(message("study.seed"), "--set: \"study.seed\" sets nothing; write --set section.key=value");
  EXPECT_EQ(message("study..seed=1"), "--set: \"study..seed\" has an empty part; write --set section.key=value");
  EXPECT_EQ(message("=1"), "--set: \"\" has an empty part; write --set section.key=value");
  EXPECT_EQ(message("study.seed=-1"),
            "--set: study.seed is -1; it has to be a whole number from 0 to 9223372036854775807");
  EXPECT_EQ(message("evaluator.5.type=x"), "--set: evaluator.5.type: \"5\" is no place in a list of 1; count from 0");
  EXPECT_EQ(message("stop.trials.x=1"), "--set: stop.trials.x: 10 is a value, which has nothing called \"x\" in it");
  EXPECT_EQ(message("samplr.type=x"), "--set: unknown section \"samplr\"; did you mean \"sampler\"?");
  EXPECT_EQ(message("study.name=\xff"), "--set: \"study.name=?\" is no UTF-8");
}

}  // namespace
}  // namespace nascent::core::test
