#include <gtest/gtest.h>

#include "schema.hpp"

namespace nascent::core::test {
namespace {

using nascent::ChoiceValue;
using nascent::ParameterKind;
using nascent::Scale;

nascent::Parameter lifted(std::string_view option) {
  ResolvedComponent resolved = resolve_trainer(option);
  if (resolved.lifted.size() != 1) {
    ADD_FAILURE() << option << " gives " << resolved.lifted.size() << " parameters";
    return {};
  }
  return resolved.lifted[0].parameter;
}

TEST(Distribution, becomes_a_parameter_named_by_its_path) {
  const ResolvedComponent resolved = resolve_trainer("learning_rate = { log_uniform = [1e-4, 1e-1] }");
  ASSERT_EQ(resolved.lifted.size(), 1U);
  EXPECT_EQ(resolved.lifted[0].component_path, "trainer");
  EXPECT_EQ(resolved.lifted[0].option_pointer, "/learning_rate");
  EXPECT_EQ(resolved.options.get("/learning_rate"), nullptr);
  const nascent::Parameter& p = resolved.lifted[0].parameter;
  EXPECT_EQ(p.name, "trainer.learning_rate");
  EXPECT_EQ(p.kind, ParameterKind::real);
  EXPECT_EQ(p.scale, Scale::log);
  EXPECT_EQ(p.lo, 1e-4);
  EXPECT_EQ(p.hi, 1e-1);
  EXPECT_FALSE(p.normal);
}

TEST(Distribution, uniform_ranges_take_the_options_own_type) {
  const auto rate = lifted("learning_rate = { uniform = [1, 2] }");
  EXPECT_EQ(rate.kind, ParameterKind::real);
  EXPECT_EQ(rate.scale, Scale::linear);
  const auto batch = lifted("batch_size = { int_log_uniform = [16, 512] }");
  EXPECT_EQ(batch.kind, ParameterKind::integer);
  EXPECT_EQ(batch.scale, Scale::log);
  EXPECT_EQ(batch.lo, 16);
  const auto time = lifted("warm_up = { uniform = [\"1min\", \"1h\"] }");
  EXPECT_EQ(time.lo, 60);
  EXPECT_EQ(time.hi, 3600);
}

TEST(Distribution, normal_is_cut_by_min_and_max_else_by_the_option_else_at_four_deviations) {
  const auto given = lifted("learning_rate = { normal = [0.1, 0.05], min = 0.01, max = 0.5 }");
  EXPECT_EQ(given.normal->mean, 0.1);
  EXPECT_EQ(given.normal->sd, 0.05);
  EXPECT_EQ(given.lo, 0.01);
  EXPECT_EQ(given.hi, 0.5);
  const auto open = lifted("learning_rate = { normal = [0.1, 0.05] }");
  EXPECT_EQ(open.lo, 1e-9);
  EXPECT_DOUBLE_EQ(open.hi, 0.3);
  const auto whole = lifted("batch_size = { normal = [64, 9.9] }");
  EXPECT_EQ(whole.kind, ParameterKind::integer);
  EXPECT_EQ(whole.lo, 25);
  EXPECT_EQ(whole.hi, 103);
}

TEST(Distribution, choices_keep_their_type_and_weights) {
  const auto momentum = lifted("momentum = { choice = [\"none\", \"nesterov\"], weights = [1, 3.5] }");
  EXPECT_EQ(momentum.kind, ParameterKind::categorical);
  EXPECT_EQ(momentum.choices, (std::vector<ChoiceValue>{std::string("none"), std::string("nesterov")}));
  EXPECT_EQ(momentum.weights, (std::vector<double>{1, 3.5}));
  const auto batch = lifted("batch_size = { ordinal = [32, 64, 128] }");
  EXPECT_EQ(batch.kind, ParameterKind::ordinal);
  EXPECT_EQ(batch.choices, (std::vector<ChoiceValue>{std::int64_t{32}, std::int64_t{64}, std::int64_t{128}}));
  EXPECT_EQ(lifted("shuffle = { choice = [true, false] }").choices, (std::vector<ChoiceValue>{true, false}));
  EXPECT_EQ(lifted("learning_rate = { choice = [1, 0.5] }").choices, (std::vector<ChoiceValue>{1.0, 0.5}));
  EXPECT_EQ(lifted("weights = { choice = [\"a.pt\", \"/b.pt\"] }").choices,
            (std::vector<ChoiceValue>{std::string("/data/a.pt"), std::string("/b.pt")}));
}

TEST(Distribution, one_choice_may_stand_without_brackets) {
  const auto momentum = lifted("momentum = { choice = \"nesterov\", weights = 2 }");
  EXPECT_EQ(momentum.choices, (std::vector<ChoiceValue>{std::string("nesterov")}));
  EXPECT_EQ(momentum.weights, (std::vector<double>{2}));
  EXPECT_EQ(lifted("batch_size = { ordinal = 64 }").choices, (std::vector<ChoiceValue>{std::int64_t{64}}));
  EXPECT_EQ(mistakes("momentum = { choice = \"clasic\" }"),
            "trainer.momentum.choice is \"clasic\"; it has to be one of \"none\", \"classic\", \"nesterov\"; did you "
            "mean \"classic\"?");
}

TEST(Distribution, every_accepted_one_is_accepted_by_the_space_too) {
  for (const char* option :
       {"learning_rate = { uniform = [0.1, 0.2] }", "learning_rate = { normal = [1, 1] }",
        "batch_size = { normal = [2, 3] }", "batch_size = { int_uniform = [1, 4096] }",
        "momentum = { choice = [\"none\"] }", "shuffle = { ordinal = [false, true], weights = [0, 1] }"})
    EXPECT_NO_THROW(nascent::SpaceDeclaration({lifted(option)})) << option;
}

TEST(Distribution, what_does_not_fit_is_explained) {
  EXPECT_EQ(mistakes("threads = { int_uniform = [1, 4] }"),
            "trainer.threads cannot be searched; write one value: a whole number from 1 to 64");
  EXPECT_EQ(mistakes("batch_size = { uniform = [1, 4] }"),
            "trainer.batch_size is a whole number from 1 to 4096, so uniform does not fit; write int_uniform, "
            "int_log_uniform, normal, choice or ordinal");
  EXPECT_EQ(mistakes("learning_rate = { uniform = [0.1, 11] }"),
            "trainer.learning_rate.uniform is 11; it has to be a number from 1e-09 to 10");
  EXPECT_EQ(mistakes("learning_rate = { uniform = [0.2, 0.1] }"),
            "trainer.learning_rate.uniform is [0.2, 0.1]; the lowest value comes first and lies below the highest");
  EXPECT_EQ(mistakes("warm_up = { log_uniform = [0, 1] }"),
            "trainer.warm_up.log_uniform is [0, 1]; a logarithmic range has to begin above 0");
  EXPECT_EQ(
      mistakes("momentum = { choice = [\"none\", \"clasic\"] }"),
      "trainer.momentum.choice.1 is \"clasic\"; it has to be one of \"none\", \"classic\", \"nesterov\"; did you mean "
      "\"classic\"?");
  EXPECT_EQ(mistakes("gammas = { choice = [0.1, 0.5] }"),
            "trainer.gammas is a list of numbers from 0 to 1, so choice does not fit; write one list; lists are not "
            "searched");
  EXPECT_EQ(mistakes("momentum = { choice = [] }"),
            "trainer.momentum.choice is []; it has to be a list of at least one value");
  EXPECT_EQ(mistakes("batch_size = { choice = [1, 1] }"),
            "trainer.batch_size.choice.1 is 1, which the list already has; leave one out");
  EXPECT_EQ(mistakes("batch_size = { choice = [1, 2], weights = [1] }"),
            "trainer.batch_size.weights is [1]; it has to be a list of 2 numbers, one for each choice");
  EXPECT_EQ(mistakes("batch_size = { choice = [1, 2], weights = [0, 0] }"),
            "trainer.batch_size.weights sums to 0; the sum has to be above 0 and finite");
  EXPECT_EQ(mistakes("learning_rate = { log_unifrom = [1e-4, 1e-1] }"),
            "trainer.learning_rate is { log_unifrom = [0.0001, 0.1] }; it has to be a number from 1e-09 to 10, or a "
            "distribution; did you mean \"log_uniform\"?");
  EXPECT_EQ(mistakes("learning_rate = { uniform = [1, 2], normal = [1, 2] }"),
            "trainer.learning_rate is both uniform and normal; leave one out");
  EXPECT_EQ(mistakes("learning_rate = { uniform = [1, 2], mni = 3 }"),
            "unknown key \"mni\" beside uniform; valid: uniform");
  EXPECT_EQ(mistakes("learning_rate = { normal = [1, 0] }"),
            "trainer.learning_rate.normal is 0; it has to be a number above 0");
  EXPECT_EQ(
      mistakes("learning_rate = { normal = [20, 1] }"),
      "trainer.learning_rate.normal has the mean 20, which has to lie within the range 16 to 10; change the mean, "
      "min or max");
  EXPECT_EQ(mistakes("learning_rate = { uniform = 3 }"),
            "trainer.learning_rate.uniform is 3; it has to be [lowest, highest]");
  EXPECT_EQ(mistakes("threads = {}"), "trainer.threads is {}; it has to be a whole number from 1 to 64");
}

}  // namespace
}  // namespace nascent::core::test
