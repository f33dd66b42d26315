// Declaring options as data, and reading them.
#include "nascent/options.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/config.hpp"

namespace nascent {
namespace {

using test::Config;

constexpr auto choices = names("fast", "exact");
constexpr std::array<std::int64_t, 2> defaults{3, 5};
constexpr std::array declared{option("n", "a count").integer(1, 9).otherwise(4),
                              option("rate", "a rate").real(0, 1).searchable(),
                              option("mode", "a mode").one_of(choices).otherwise("fast"),
                              option("sizes", "sizes").integers(1, 99).otherwise(defaults),
                              option("wait", "seconds").seconds().otherwise(5),
                              option("on", "a flag").flag().otherwise(false),
                              option("file", "a file").path().required(),
                              option("names", "names").texts().otherwise("\nNA\n?")};

TEST(Option, is_constant_data) {
  static_assert(declared[0].type == NAS_O_INT && declared[0].lo == 1 && declared[0].hi == 9 &&
                declared[0].dflt.u.i == 4);
  static_assert(declared[1].type == NAS_O_FLOAT && declared[1].flags == NAS_OF_SEARCHABLE &&
                declared[1].dflt.type == NAS_T_NULL);
  static_assert(declared[2].type == NAS_O_CHOICE && declared[2].n_choices == 2);
  static_assert(declared[3].type == NAS_O_INTS && declared[3].dflt.type == NAS_T_INTS && declared[3].dflt.n == 2);
  static_assert(declared[4].type == NAS_O_SECONDS && declared[4].dflt.type == NAS_T_FLOAT && declared[4].dflt.u.f == 5);
  static_assert(declared[5].dflt.type == NAS_T_BOOL && declared[5].dflt.u.i == 0);
  static_assert(declared[6].flags == NAS_OF_REQUIRED);
  static_assert(declared[7].type == NAS_O_STRS && declared[7].dflt.type == NAS_T_STR && declared[7].dflt.n == 5);
  EXPECT_EQ(view(declared[2].choices[1]), "exact");
  EXPECT_EQ(view(declared[0].help), "a count");
}

TEST(Option, the_default_of_a_list_of_texts_has_an_element_a_line) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(default_texts("\nNA\n?"), (Texts{"", "NA", "?"}));
  EXPECT_EQ(default_texts("batch"), (Texts{"batch"}));
  EXPECT_EQ(default_texts(""), (Texts{""}));
  EXPECT_EQ(default_texts("a\n"), (Texts{"a", ""}));
}

std::string refusal(const std::function<void()>& act, const std::string& option) {
  try {
    act();
  } catch (const InvalidOption& e) {
    EXPECT_EQ(e.option(), option);
    return e.what();
  }
  return "accepted";
}

TEST(Options, reads_values_by_type) {
  const Config c{{"i", 7},
                 {"f", 0.5},
                 {"b", true},
                 {"t", "text"},
                 {"is", std::vector<std::int64_t>{1, 2}},
                 {"fs", std::vector<double>{0.5}}};
  const Options o = c.options();
  EXPECT_EQ(o.integer("i"), 7);
  EXPECT_EQ(o.real("f"), 0.5);
  EXPECT_EQ(o.real("i"), 7.0);
  EXPECT_TRUE(o.flag("b"));
  EXPECT_EQ(o.text("t"), "text");
  EXPECT_EQ(o.integers("is"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(o.reals("is"), (std::vector<double>{1, 2}));
  EXPECT_EQ(o.reals("fs"), (std::vector<double>{0.5}));
  EXPECT_TRUE(o.has("i"));
  EXPECT_FALSE(o.has("missing"));
}

TEST(Options, names_the_option_that_is_absent_or_of_another_type) {
  const Config c{{"i", 7}, {"t", "text"}};
  const Options o = c.options();
  EXPECT_EQ(refusal([&] { static_cast<void>(o.integer("x")); }, "/x"), "x is missing");
  EXPECT_EQ(refusal([&] { static_cast<void>(o.integer("t")); }, "/t"), "t has to be an integer");
  EXPECT_EQ(refusal([&] { static_cast<void>(o.real("t")); }, "/t"), "t has to be a number");
  EXPECT_EQ(refusal([&] { static_cast<void>(o.flag("i")); }, "/i"), "i has to be true or false");
  EXPECT_EQ(refusal([&] { static_cast<void>(o.text("i")); }, "/i"), "i has to be text");
  EXPECT_EQ(refusal([&] { static_cast<void>(o.integers("t")); }, "/t"), "t has to be an integer");
}

TEST(Options, arrays_take_one_value_for_a_list_of_one_and_absence_for_none) {
  const Config c{
      {"one", 3}, {"word", "a"}, {"words", std::vector<std::string>{"a", "b"}}, {"none", std::vector<std::int64_t>{}}};
  const Options o = c.options();
  EXPECT_EQ(o.integers("one"), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(o.reals("one"), (std::vector<double>{3}));
  EXPECT_EQ(o.texts("word"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(o.texts("words"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(o.integers("missing").empty());
  EXPECT_TRUE(o.texts("missing").empty());
  EXPECT_TRUE(o.integers("none").empty());
}

TEST(Options, tables_nest_and_list_their_keys_in_document_order) {
  const Config c{{"p/z/uniform/0", 1}, {"p/z/uniform/1", 2}, {"p/a/choice/0", "x"}, {"px", 1}, {"p/a~1b/x", 1}};
  const Options p = c.options().table("p");
  EXPECT_EQ(p.keys(), (std::vector<std::string>{"z", "a", "a/b"}));
  EXPECT_EQ(c.options().keys(), (std::vector<std::string>{"p", "px"})) << "also where others stand between";
  EXPECT_EQ(p.table("z").table("uniform").integer("1"), 2);
  EXPECT_EQ(p.table("a/b").pointer("x"), "/p/a~1b/x");
  EXPECT_EQ(p.table("a/b").integer("x"), 1);
  EXPECT_EQ(p.pointer(), "/p");
  EXPECT_TRUE(p.table("nothing").keys().empty());
}

TEST(Options, no_config_at_all_is_empty) {
  const Options o(nullptr);
  EXPECT_FALSE(o.has("x"));
  EXPECT_TRUE(o.keys().empty());
  EXPECT_THROW(static_cast<void>(o.text("x")), InvalidOption);
}

}  // namespace
}  // namespace nascent
