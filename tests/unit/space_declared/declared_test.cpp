#include "declared.hpp"

#include <gtest/gtest.h>

#include "support/space_instance.hpp"

namespace nascent::declared {
namespace {

using test::Config;
using Given = std::initializer_list<std::pair<std::string, test::OptionValue>>;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<double>;
using Texts = std::vector<std::string>;

// Names are below "parameters/".
SpaceDeclaration declare(Given given) {
  Config config;
  for (const auto& [name, value] : given) config.set("parameters/" + name, value);
  return Declared(config.options()).declaration();
}

std::string refusal(Given given, const std::string& option) {
  try {
    declare(given);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_INVALID);
    EXPECT_EQ(e.option(), "/parameters" + option);
    return e.what();
  }
  return "accepted";
}

bool active_given(const SpaceDeclaration& space, const std::string& name, const std::string& parent, double value) {
  Point p = test::draw(space, 0);
  test::set(space, p, parent, value);
  return p.active[SpaceView(space.view()).find(name)] != 0;
}

TEST(Declared, reads_every_distribution) {
  const auto space = declare({{"a/uniform", Ints{0, 1}},
                              {"b/log_uniform", Reals{1e-4, 1e-1}},
                              {"c/int_uniform", Ints{-3, 3}},
                              {"d/int_log_uniform", Ints{1, 1024}},
                              {"e/normal", Reals{0.5, 0.25}},
                              {"e/min", 0.0},
                              {"f/choice", Texts{"x", "y"}},
                              {"f/weights", Ints{1, 3}},
                              {"g/ordinal", Ints{8, 16, 32}},
                              {"h/choice/0", true},
                              {"h/choice/1", 2.5}});
  const auto& p = space.parameters();
  ASSERT_EQ(p.size(), 8U);
  EXPECT_EQ(p[0].kind, ParameterKind::real);
  EXPECT_EQ(p[0].hi, 1);
  EXPECT_EQ(p[1].scale, Scale::log);
  EXPECT_EQ(p[1].lo, 1e-4);
  EXPECT_EQ(p[2].kind, ParameterKind::integer);
  EXPECT_EQ(p[2].lo, -3);
  EXPECT_EQ(p[3].scale, Scale::log);
  EXPECT_EQ(p[3].kind, ParameterKind::integer);
  ASSERT_TRUE(p[4].normal);
  EXPECT_EQ(p[4].normal->mean, 0.5);
  EXPECT_EQ(p[4].lo, 0);
  EXPECT_EQ(p[4].hi, 1.5) << "4 standard deviations";
  EXPECT_EQ(p[5].weights, (Reals{1, 3}));
  EXPECT_EQ(p[6].kind, ParameterKind::ordinal);
  EXPECT_EQ(p[6].choices[2], ChoiceValue(std::int64_t{32}));
  EXPECT_EQ(p[7].choices, (std::vector<ChoiceValue>{true, 2.5}));
}

TEST(Declared, has_no_architecture) {
  Config config{{"parameters/x/uniform", Ints{0, 1}}};
  const Declared space(config.options());
  EXPECT_FALSE(test::build(space, test::draw(space.declaration(), 0)).has_value());
}

TEST(Declared, conditions_make_parameters_active) {
  const auto space = declare({{"kind/choice", Texts{"a", "b", "c"}},
                              {"n/int_uniform", Ints{1, 9}},
                              {"eq/uniform", Ints{0, 1}},
                              {"eq/when/parameter", "kind"},
                              {"eq/when/equals", "b"},
                              {"in/uniform", Ints{0, 1}},
                              {"in/when/parameter", "kind"},
                              {"in/when/in", Texts{"a", "c"}},
                              {"mid/uniform", Ints{0, 1}},
                              {"mid/when/parameter", "n"},
                              {"mid/when/above", 3},
                              {"mid/when/below", 6}});
  for (const double kind : {0.0, 1.0, 2.0}) {
    EXPECT_EQ(active_given(space, "eq", "kind", kind), kind == 1);
    EXPECT_EQ(active_given(space, "in", "kind", kind), kind != 1);
  }
  for (const double n : {3.0, 4.0, 5.0, 6.0}) EXPECT_EQ(active_given(space, "mid", "n", n), n == 4 || n == 5) << n;
}

TEST(Declared, a_list_of_conditions_has_to_hold_as_a_whole) {
  const auto space = declare({{"k/choice", Texts{"a", "b", "c"}},
                              {"n/int_uniform", Ints{1, 9}},
                              {"x/uniform", Ints{0, 1}},
                              {"x/when/0/parameter", "k"},
                              {"x/when/0/in", Texts{"a", "b"}},
                              {"x/when/1/parameter", "n"},
                              {"x/when/1/in", Ints{2, 4}}});
  const SpaceView view(space.view());
  for (const double k : {0.0, 1.0, 2.0}) {
    for (const double n : {1.0, 2.0, 3.0, 4.0}) {
      Point p = test::draw(space, 0);
      test::set(space, p, "k", k);
      test::set(space, p, "n", n);
      EXPECT_EQ(p.active[view.find("x")] != 0, k != 2 && (n == 2 || n == 4)) << k << " " << n;
    }
  }
}

TEST(Declared, a_child_may_stand_before_its_parent) {
  const auto space = declare({{"child/uniform", Ints{0, 1}},
                              {"child/when/parameter", "parent"},
                              {"child/when/equals", true},
                              {"other/uniform", Ints{0, 1}},
                              {"parent/choice/0", false},
                              {"parent/choice/1", true}});
  EXPECT_EQ(test::names_of(space), (Texts{"other", "parent", "child"}));
}

TEST(Declared, names_may_hold_what_json_pointers_escape) {
  EXPECT_EQ(test::names_of(declare({{"a~1b~0c/uniform", Ints{0, 1}}})), (Texts{"a/b~c"}));
}

TEST(Declared, tells_what_is_wrong) {
  EXPECT_EQ(refusal({}, ""), "parameters is empty; declare at least one");
  EXPECT_EQ(refusal({{"x/unifrom", Ints{0, 1}}}, "/x"),
            "parameter 'x' has no distribution; give one of uniform, log_uniform, int_uniform, int_log_uniform, "
            "normal, choice, ordinal");
  EXPECT_EQ(refusal({{"x/uniform", Ints{0, 1}}, {"x/choice", Ints{0, 1}}}, "/x/choice"),
            "parameter 'x' is both uniform and choice; leave one out");
  EXPECT_EQ(refusal({{"x/uniform", Ints{0, 1}}, {"x/weights", Ints{0, 1}}}, "/x/weights"),
            "unknown key 'weights' in parameter 'x'; known are uniform, when");
  EXPECT_EQ(refusal({{"x/uniform", Ints{0, 1, 2}}}, "/x/uniform"),
            "uniform has 3 values; it has to be [lowest, highest]");
  EXPECT_EQ(refusal({{"x/uniform", Texts{"a", "b"}}}, "/x/uniform"), "uniform has 'a'; numbers are needed");
  EXPECT_EQ(refusal({{"x/uniform", Ints{2, 1}}}, "/x"), "parameter 'x': range [2, 1] is not finite and ascending");
  EXPECT_EQ(refusal({{"x/log_uniform", Ints{0, 1}}}, "/x"),
            "parameter 'x': a logarithmic range has to start above 0, not at 0");
  EXPECT_EQ(refusal({{"x/normal", Ints{0, 0}}}, "/x/normal"), "the standard deviation is 0; it has to be above 0");
  EXPECT_EQ(refusal({{"x/choice", Texts{"a", "a"}}}, "/x/choice"), "choice has 'a' twice; leave one out");
  EXPECT_EQ(refusal({{"x/choice", Texts{"a", "b"}}, {"x/weights", Ints{1}}}, "/x"),
            "parameter 'x': 1 weights for 2 choices; give one each");
}

TEST(Declared, tells_what_is_wrong_with_conditions) {
  const auto with = [](const std::string& key, const test::OptionValue& value, const std::string& parent = "k") {
    return std::vector<std::pair<std::string, test::OptionValue>>{{"k/choice", Texts{"a", "b"}},
                                                                  {"n/uniform", Ints{0, 1}},
                                                                  {"x/uniform", Ints{0, 1}},
                                                                  {"x/when/parameter", parent},
                                                                  {"x/when/" + key, value}};
  };
  const auto of = [&](const std::vector<std::pair<std::string, test::OptionValue>>& given, const std::string& option) {
    Config config;
    for (const auto& [name, value] : given) config.set("parameters/" + name, value);
    try {
      Declared space(config.options());
    } catch (const Error& e) {
      EXPECT_EQ(e.option(), "/parameters" + option);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(of(with("equals", "c"), "/x/when/equals"), "parameter 'k' has no choice 'c'");
  EXPECT_EQ(of(with("equals", "c", "nobody"), "/x/when/parameter"),
            "parameter 'x' depends on 'nobody', which is not declared");
  EXPECT_EQ(of(with("above", "c", "n"), "/x/when/above"),
            "parameter 'n' is a number; compare it with a number, not with 'c'");
  EXPECT_EQ(of(with("equal", "a"), "/x/when/equal"),
            "unknown key 'equal' in when of parameter 'x'; known are parameter, equals, in, above, below");
  EXPECT_EQ(of(with("equals", 0.5, "x"), "/x"),
            "the conditions of parameter 'x' lead back to itself; break the circle");
}

}  // namespace
}  // namespace nascent::declared
