// The builder: what composing parts declares, and how values are read through handles.
#include <gtest/gtest.h>

#include <cmath>

#include "nascent/space_builder.hpp"
#include "support/space_instance.hpp"

namespace nascent {
namespace {

using Names = std::vector<std::string>;

Names paths(const SpaceBuilder& s) { return test::names_of(s.declaration()); }

TEST(SpaceBuilder, nested_parts_join_their_names) {
  SpaceBuilder s;
  s.nested("outer", [](SpaceBuilder& o) {
    o.real("x", 0, 1);
    o.nested("inner", [](SpaceBuilder& i) { i.real("y", 0, 1); });
    o.real("z", 0, 1);
  });
  s.real("w", 0, 1);
  EXPECT_EQ(paths(s), (Names{"outer.x", "outer.inner.y", "outer.z", "w"}));
}

TEST(SpaceBuilder, parts_may_return_handles_or_nothing) {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"a", "b"});
  const Real x = s.nested("n", [](SpaceBuilder& b) { return b.real("x", 0, 1); });
  const Real y = s.when(s.is(kind, "a"), [](SpaceBuilder& b) { return b.real("y", 0, 1); });
  s.when(s.is(kind, "b"), [](SpaceBuilder& b) { b.real("z", 0, 1); });
  EXPECT_EQ(x.index, 1U);
  EXPECT_EQ(y.index, 2U);
  EXPECT_EQ(paths(s), (Names{"kind", "n.x", "y", "z"}));
}

TEST(SpaceBuilder, a_part_that_throws_leaves_no_prefix_and_no_condition_behind) {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"a", "b"});
  EXPECT_THROW(s.when(s.is(kind, "a"),
                      [](SpaceBuilder& b) { b.nested("n", [](SpaceBuilder&) { throw Error(NAS_E_INVALID, "no"); }); }),
               Error);
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(space.parameters()[1].name, "x");
  EXPECT_TRUE(space.parameters()[1].conditions.empty());
}

TEST(SpaceBuilder, nested_conditions_have_to_hold_together) {
  SpaceBuilder s;
  const auto a = s.choice<bool>("a", {false, true});
  s.when(s.is(a, true), [&](SpaceBuilder& outer) {
    const Integer n = outer.integer("n", 1, 9);
    outer.when(above(n, 3),
               [&](SpaceBuilder& mid) { mid.when(below(n, 6), [](SpaceBuilder& inner) { inner.real("x", 0, 1); }); });
  });
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(space.parameters()[2].conditions.size(), 3U);
  const SpaceView view(space.view());
  for (const double flag : {0.0, 1.0}) {
    for (int n = 1; n <= 9; ++n) {
      Point p(3);
      p.x = {flag, static_cast<double>(n), 0.5};
      view.activate(p.row());
      EXPECT_EQ(p.active[2] != 0, flag == 1 && n > 3 && n < 6);
    }
  }
}

TEST(SpaceBuilder, predicates_on_choices_are_checked) {
  SpaceBuilder s;
  const auto width = s.ordinal<std::int64_t>("width", {16, 32, 64});
  const auto rate = s.real("rate", 0, 1);
  EXPECT_EQ(s.is(width, 64).value, 2);
  EXPECT_EQ(s.is_not(width, 16).op, NAS_OP_NE);
  EXPECT_EQ(above(rate, 0.25).op, NAS_OP_GT);
  try {
    static_cast<void>(s.is(width, 48));
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "parameter 'width' has no choice '48'");
  }
}

TEST(SpaceBuilder, optional_declares_presence_with_its_probability) {
  SpaceBuilder s;
  const auto part = s.optional(
      "attention", [](SpaceBuilder& b) { return b.integer("heads", 1, 8); }, 0.25);
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(test::names_of(space), (Names{"attention", "attention.heads"}));
  const SpaceView view(space.view());
  int present = 0;
  for (std::uint64_t t = 0; t < 4000; ++t) {
    const Point p = test::draw(space, t);
    const auto value = Values(view, p.row())[part];
    EXPECT_EQ(value.has_value(), p.active[1] != 0);
    present += value ? 1 : 0;
  }
  EXPECT_NEAR(present, 1000, 5 * 27.4);  // Binomial(4000, 1/4), 5 sd: 6e-7
}

TEST(SpaceBuilder, repeat_declares_copies_active_up_to_the_count) {
  SpaceBuilder s;
  const auto layers = s.repeat("layer", 1, 3, [](SpaceBuilder& b, std::size_t i) {
    return b.integer("width", 8, 16 + static_cast<std::int64_t>(i));
  });
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(test::names_of(space), (Names{"layer.count", "layer0.width", "layer1.width", "layer2.width"}));
  EXPECT_EQ(space.parameters()[3].hi, 18);
  EXPECT_TRUE(space.parameters()[1].conditions.empty()) << "below the least count always active";
  const SpaceView view(space.view());
  for (std::uint64_t t = 0; t < 100; ++t) {
    const Point p = test::draw(space, t);
    const Values v(view, p.row());
    const auto used = v[layers];
    EXPECT_EQ(static_cast<std::int64_t>(used.size()), v[layers.count]);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(p.active[1 + i] != 0, i < used.size());
    for (const Integer w : used) EXPECT_GE(v[w], 8);
  }
}

TEST(SpaceBuilder, a_repeat_inside_an_absent_part_has_no_copies) {
  SpaceBuilder s;
  const auto flag = s.choice<bool>("flag", {false, true});
  const auto layers = s.when(s.is(flag, true), [](SpaceBuilder& b) {
    return b.repeat("layer", 2, 3, [](SpaceBuilder& in, std::size_t) { return in.integer("w", 1, 2); });
  });
  const SpaceDeclaration space = s.declaration();
  Point p(space.size());
  SpaceView(space.view()).activate(p.row());
  EXPECT_TRUE(Values(SpaceView(space.view()), p.row())[layers].empty());
}

TEST(SpaceBuilder, a_shared_part_is_declared_once_outside_prefixes_and_conditions) {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"a", "b"});
  const auto declare = [](SpaceBuilder& b) { return b.real("x", 0, 1); };
  const Real first = s.when(s.is(kind, "a"), [&](SpaceBuilder& b) {
    return b.nested("n", [&](SpaceBuilder& c) { return c.shared("common", declare); });
  });
  const Real second = s.shared("common", declare);
  EXPECT_EQ(first.index, second.index);
  s.real("after", 0, 1);
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(test::names_of(space), (Names{"kind", "common.x", "after"}));
  EXPECT_TRUE(space.parameters()[1].conditions.empty());
}

TEST(SpaceBuilder, values_are_read_in_the_types_they_were_declared_with) {
  SpaceBuilder s;
  const auto r = s.real("r", 0, 1);
  const auto i = s.integer("i", -5, 5);
  const auto text = s.choice("text", {"a", "b"});
  const auto whole = s.choice<std::int64_t>("whole", {16, 32});
  const auto number = s.choice<double>("number", {0.5, 1.5});
  const auto flag = s.choice<bool>("flag", {false, true});
  const SpaceDeclaration space = s.declaration();
  Point p(6);
  p.x = {0.25, -3, 1, 1, 1, 1};
  p.active.assign(6, 1);
  const Values v(SpaceView(space.view()), p.row());
  EXPECT_EQ(v[r], 0.25);
  EXPECT_EQ(v[i], -3);
  EXPECT_EQ(v[text], "b");
  EXPECT_EQ(v[whole], 32);
  EXPECT_EQ(v[number], 1.5);
  EXPECT_EQ(v[flag], true);
}

TEST(SpaceBuilder, refinements_reach_the_declaration) {
  SpaceBuilder s;
  s.real("x", 0.5, 2, {.scale = Scale::log, .normal = NormalPrior{0, 1}, .otherwise = 1.0});
  s.integer("i", 0, 10, {.step = 5});
  s.choice("c", {"a", "b"}, {1, 3});
  const SpaceDeclaration space = s.declaration();
  const SpaceView view(space.view());
  EXPECT_EQ(view.param(0).scale, NAS_SCALE_LOG);
  EXPECT_EQ(view.param(0).prior, NAS_PRIOR_NORMAL);
  EXPECT_EQ(view.param(0).dflt, 1);
  EXPECT_TRUE(std::isnan(view.param(1).dflt));
  EXPECT_EQ(view[1].levels(), 3U);
  EXPECT_EQ(view[2].probability(1), 0.75);
}

}  // namespace
}  // namespace nascent
