// What a study is judged by against what its components measure, before anything is trained.
#include "judged_metrics.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <deque>
#include <sstream>

namespace nascent::core {
namespace {

using search::MeasuredMetrics;

TaskShape shape_of(std::uint32_t n_classes) {
  static constexpr std::int64_t shape[] = {4};
  const nas_field fields[] = {{nascent::str("x"), NAS_ROLE_INPUT, 2, 32, 1, shape},
                              {nascent::str("y"), NAS_ROLE_TARGET, static_cast<std::uint8_t>(n_classes > 0 ? 0 : 2),
                               static_cast<std::uint8_t>(n_classes > 0 ? 64 : 32), 0, nullptr}};
  nas_dataset_info info{};
  info.size = sizeof info;
  info.fields = fields;
  info.n_fields = 2;
  info.n_classes = n_classes;
  auto made = TaskShape::of(info);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

ComponentInfo trainer() {
  ComponentInfo info;
  info.metrics = {{"val_loss", "", NAS_MINIMIZE, 0},
                  {"val_accuracy", "", NAS_MAXIMIZE, NAS_NEEDS_CLASSES},
                  {"val_rmse", "", NAS_MINIMIZE, NAS_NEEDS_NUMBERS}};
  return info;
}

// The complaint about a study with these objectives and constraints; "" when there is none.
std::string complaint(const MeasuredMetrics& measured, const std::vector<Objective>& objectives,
                      const std::vector<Constraint>& constraints = {}) {
  StudyConfig config;
  config.objectives = objectives;
  config.constraints = constraints;
  Diagnostics mistakes;
  measured.check(config, {}, mistakes);
  return mistakes.empty() ? "" : mistakes.error().message;
}

Objective objective(std::string metric, std::uint32_t line = 2, std::string path = "objective") {
  return {std::move(metric), Direction::minimize, {"study.toml", line, 10}, std::move(path)};
}

void add_evaluator(MeasuredMetrics& measured, std::string type, const std::vector<MetricInfo>& metrics) {
  static std::deque<ComponentConfig> configs;  // borrowed
  Diagnostics mistakes;
  measured.add_evaluator(configs.emplace_back(ComponentConfig{"evaluator.0", std::move(type), {}, {}, {}, {}}), metrics, mistakes);
  EXPECT_TRUE(mistakes.empty()) << mistakes.error().message;
}

TEST(JudgedMetrics, what_nothing_measures_is_named_at_its_place_with_the_nearest_name) {
  MeasuredMetrics measured;
  measured.add_trainer(trainer(), shape_of(10));
  add_evaluator(measured, "cost", {{"parameters", "", NAS_MINIMIZE, 0}});
  EXPECT_EQ(complaint(measured, {objective("val_loss")}), "");
  EXPECT_EQ(complaint(measured, {objective("val_los")}),
            "study.toml:2:10: objective.metric is \"val_los\", which nothing in this study measures; did you mean "
            "\"val_loss\"?");
  EXPECT_EQ(complaint(measured, {objective("speed")}),
            "study.toml:2:10: objective.metric is \"speed\", which nothing in this study measures; valid: val_loss, "
            "val_accuracy, parameters");
}

TEST(JudgedMetrics, all_mistakes_are_reported_together) {
  MeasuredMetrics measured;
  measured.add_trainer(trainer(), shape_of(10));
  const std::vector<Constraint> constraints{{"val_lss", {}, 1, {"study.toml", 9, 1}, "constraint.0"}};
  EXPECT_EQ(complaint(measured, {objective("val_loss", 2, "objective.0"), objective("val_acuracy", 5, "objective.1")}, constraints),
            "study.toml:5:10: objective.1.metric is \"val_acuracy\", which nothing in this study measures; did you mean "
            "\"val_accuracy\"?\n"
            "study.toml:9:1: constraint.0.metric is \"val_lss\", which nothing in this study measures; did you mean "
            "\"val_loss\"?");
}

TEST(JudgedMetrics, what_the_sampler_wants_is_looked_for_too_and_named_where_its_options_say_it) {
  MeasuredMetrics measured;
  measured.add_trainer(trainer(), shape_of(10));
  add_evaluator(measured, "cost", {{"parameters", "", NAS_MINIMIZE, 0}});
  StudyConfig config;
  config.objectives = {objective("val_loss")};
  config.sampler.type = "quality-diversity";
  config.sampler.type_where = {"study.toml", 7, 8};
  ConfigValue::Array names{{std::string("parameters"), {"study.toml", 8, 16}}, {std::string("parametrs"), {"study.toml", 8, 30}}};
  config.sampler.options = {{"descriptors", {"study.toml", 8, 1}, {names, {"study.toml", 8, 15}}}};
  Diagnostics mistakes;
  measured.check(config, std::vector<std::string>{"parameters", "val_loss"}, mistakes);
  EXPECT_TRUE(mistakes.empty());
  measured.check(config, std::vector<std::string>{"parameters", "parametrs", "val_los"}, mistakes);
  EXPECT_EQ(mistakes.error().message,
            "study.toml:7:8: sampler \"quality-diversity\" asks for metric \"val_los\", which nothing in this study "
            "measures; did you mean \"val_loss\"?\n"
            "study.toml:8:30: sampler \"quality-diversity\" asks for metric \"parametrs\", which nothing in this study "
            "measures; did you mean \"parameters\"?");
}

TEST(JudgedMetrics, metrics_of_classes_and_of_numbers_exist_only_for_such_data) {
  MeasuredMetrics classes, numbers, nothing;
  classes.add_trainer(trainer(), shape_of(3));
  numbers.add_trainer(trainer(), shape_of(0));
  nothing.add_trainer(trainer(), std::nullopt);
  EXPECT_EQ(complaint(classes, {objective("val_accuracy")}), "");
  EXPECT_NE(complaint(classes, {objective("val_rmse")}), "");
  EXPECT_EQ(complaint(numbers, {objective("val_rmse")}), "");
  EXPECT_NE(complaint(numbers, {objective("val_accuracy")}), "");
  EXPECT_NE(complaint(nothing, {objective("val_accuracy")}), "");
  EXPECT_NE(complaint(nothing, {objective("val_rmse")}), "");
}

TEST(JudgedMetrics, where_somebody_does_not_know_in_advance_the_trials_will_tell) {
  MeasuredMetrics measured;
  measured.add_trainer(ComponentInfo{}, std::nullopt);
  add_evaluator(measured, "cost", {{"parameters", "", NAS_MINIMIZE, 0}});
  EXPECT_EQ(complaint(measured, {objective("anything")}), "");
}

TEST(JudgedMetrics, two_evaluators_that_measure_the_same_are_named_with_both_places) {
  const ComponentConfig first{"evaluator.0", "table", {}, {"study.toml", 20, 8}, {}, {}};
  const ComponentConfig second{"evaluator.1", "table", {}, {"study.toml", 24, 8}, {}, {}};
  const ComponentConfig third{"evaluator.2", "table", {}, {"study.toml", 28, 8}, {}, {}};
  Diagnostics mistakes;
  MeasuredMetrics measured;
  measured.add_evaluator(first, {{"score", "", NAS_MAXIMIZE, 0}, {"size", "", NAS_MINIMIZE, 0}}, mistakes);
  measured.add_evaluator(second, {{"speed", "", NAS_MAXIMIZE, 0}}, mistakes);
  EXPECT_TRUE(mistakes.empty());
  measured.add_evaluator(third, {{"size", "", NAS_MINIMIZE, 0}, {"score", "", NAS_MAXIMIZE, 0}}, mistakes);
  EXPECT_EQ(mistakes.error().message,
            "study.toml:28:8: evaluator.2 \"table\" measures \"size\", and so does evaluator.0 \"table\" at study.toml:20:8; "
            "leave one out");
}

TEST(JudgedMetrics, where_the_data_are_not_known_only_what_no_data_give_is_missed) {
  MeasuredMetrics measured;
  measured.add_trainer(trainer());
  EXPECT_EQ(complaint(measured, {objective("val_accuracy")}), "");
  EXPECT_EQ(complaint(measured, {objective("val_rmse")}), "");
  EXPECT_NE(complaint(measured, {objective("val_rms")}), "");
}

TEST(JudgedMetrics, an_objective_in_the_direction_that_makes_it_worse_is_worth_a_warning) {
  std::ostringstream lines;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines)));
  MeasuredMetrics measured;
  measured.add_trainer(trainer(), shape_of(10));
  EXPECT_EQ(complaint(measured, {objective("val_loss")}), "");
  EXPECT_EQ(lines.str(), "");
  EXPECT_EQ(complaint(measured, {objective("val_accuracy")}), "");
  spdlog::set_default_logger(before);
  EXPECT_NE(lines.str().find("objective=val_accuracy direction=minimize place=study.toml:2:10 reason=\"large values of it "
                             "are better\""),
            std::string::npos)
      << lines.str();
}

}  // namespace
}  // namespace nascent::core
