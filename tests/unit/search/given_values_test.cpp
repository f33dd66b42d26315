// Configurations as people give them.
#include "nascent/core/given_values.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using test::take;
using Texts = std::vector<std::string>;

enum Parameter { rate, width, momentum, kind, depth };

StudySpace network() {
  nascent::SpaceBuilder s;
  s.real("trainer.rate", 0.001, 0.1, {.scale = nascent::Scale::log});
  s.integer("space.width", 8, 64, {.step = 8, .otherwise = 16});
  s.real("trainer.momentum", 0, 1, {.step = 0.1});
  const auto kinds = s.choice("space.kind", {"plain", "deep", "never"}, {3, 1, 0});
  s.when(s.is(kinds, "deep"), [](nascent::SpaceBuilder& b) { b.ordinal<std::int64_t>("space.depth", {2, 4, 8}); });
  return StudySpace(s.declaration());
}

Result<Configuration> given(const Texts& values, std::uint64_t seed = 1) {
  static const StudySpace space = network();
  return complete_configuration(space, take(parse_values(values)), seed);
}

std::string complaint(const Texts& values) {
  const auto configuration = given(values);
  return configuration ? "none" : configuration.error().message;
}

TEST(GivenValues, are_taken_as_they_are) {
  const Configuration c =
      take(given({"trainer.rate=0.01", "space.width=24", "trainer.momentum=0.5", "space.kind=deep", "space.depth=8"}));
  EXPECT_EQ(c.x, (std::vector<double>{0.01, 24, 0.5, 1, 2}));
  EXPECT_EQ(c.active, (std::vector<std::uint8_t>{1, 1, 1, 1, 1}));
}

TEST(GivenValues, a_missing_one_takes_its_default_or_a_draw_that_repeats) {
  std::set<double> rates;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Configuration c = take(given({}, seed));
    EXPECT_EQ(c.x[width], 16);
    EXPECT_EQ(c.active[depth], c.x[kind] == 1 ? 1 : 0);
    EXPECT_EQ(c, take(given({}, seed)));
    rates.insert(c.x[rate]);
  }
  EXPECT_EQ(rates.size(), 50U);
  EXPECT_LT(*rates.begin(), 0.004) << "from the logarithmic prior; fails by chance once in 1e8";
}

TEST(GivenValues, a_parent_that_is_not_given_is_drawn_so_that_the_given_child_takes_part) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Configuration c = take(given({"space.depth=4"}, seed));
    EXPECT_EQ(c.x[kind], 1);
    EXPECT_EQ(c.x[depth], 1);
  }
}

TEST(GivenValues, steps_are_met_up_to_rounding) {
  EXPECT_EQ(take(given({"trainer.momentum=0.30000000001"})).x[momentum],
            take(given({"trainer.momentum=0.3"})).x[momentum]);
}

TEST(GivenValues, tables_are_entered) {
  const StudySpace space = network();
  ConfigValue::Table inner{{"rate", {}, {0.05, {}}}};
  const ConfigValue::Table table{{"trainer", {}, {inner, {}}}};
  EXPECT_EQ(take(complete_configuration(space, table, 1)).x[rate], 0.05);
}

TEST(GivenValues, every_mistake_is_told_with_its_rule) {
  EXPECT_EQ(
      complaint({"trainer.rat=0.01", "space.width=12", "trainer.rate=1", "space.kind=dep", "trainer.momentum=fast"}),
      "enqueue: unknown parameter \"trainer.rat\"; did you mean \"trainer.rate\"?\n"
      "enqueue: trainer.rate is 1; it has to be a number from 0.001 to 0.1\n"
      "enqueue: space.width is 12; it has to be a whole number from 8 to 64 in steps of 8\n"
      "enqueue: trainer.momentum is \"fast\"; it has to be a number from 0 to 1 in steps of 0.1\n"
      "enqueue: space.kind is \"dep\"; it has to be one of plain, deep; did you mean \"deep\"?");
}

TEST(GivenValues, a_choice_that_the_prior_excludes_is_none) {
  EXPECT_EQ(complaint({"space.kind=never"}), "enqueue: space.kind is \"never\"; it has to be one of plain, deep");
}

TEST(GivenValues, a_parameter_that_takes_no_part_is_a_mistake) {
  EXPECT_EQ(complaint({"space.kind=plain", "space.depth=4"}),
            "enqueue: space.depth takes no part in this configuration; it needs space.kind == deep: give that too, or "
            "leave it out");
}

TEST(GivenValues, are_given_once_and_by_name) {
  EXPECT_EQ(complaint({"trainer.rate=0.01", "trainer.rate=0.02"}),
            "enqueue: trainer.rate is given twice; leave one out");
  for (const char* text : {"trainer.rate", "=3"}) {
    const auto parsed = parse_values(Texts{text});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message, "enqueue: \"" + std::string(text) + "\" gives no value; write parameter=value");
  }
}

TEST(GivenValues, numbers_are_found_among_choices_of_any_type) {
  nascent::SpaceBuilder s;
  s.choice<std::int64_t>("size", {1, 3});
  s.choice<bool>("bias", {false, true});
  s.choice("label", {"1", "true"});
  const StudySpace space(s.declaration());
  const auto values = take(parse_values(Texts{"size=3.0", "bias=true", "label=1"}));
  EXPECT_EQ(take(complete_configuration(space, values, 1)).x, (std::vector<double>{1, 1, 0}));
}

}  // namespace
}  // namespace nascent::core
