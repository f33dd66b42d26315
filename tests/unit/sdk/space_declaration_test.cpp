// Declarations: what is refused, what the fingerprint sees, copies across the border.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "support/spaces.hpp"

namespace nascent {
namespace {

Parameter real(const std::string& name, double lo = 0, double hi = 1) {
  Parameter p;
  p.name = name;
  p.lo = lo;
  p.hi = hi;
  return p;
}
Parameter choice(const std::string& name, std::vector<ChoiceValue> values) {
  Parameter p;
  p.name = name;
  p.kind = ParameterKind::categorical;
  p.choices = std::move(values);
  return p;
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_INVALID);
    return e.what();
  }
  return "accepted";
}
std::string refusal_of(Parameter p, const std::function<void(Parameter&)>& spoil) {
  spoil(p);
  return refusal([&] { SpaceDeclaration({real("first"), p}); });
}

TEST(SpaceDeclaration, names_the_parameter_and_the_rule_it_breaks) {
  const Parameter n = real("x"), c = choice("c", {std::string("a"), std::string("b")});
  Parameter whole = real("i", 0, 10);
  whole.kind = ParameterKind::integer;
  const auto of = refusal_of;
  EXPECT_EQ(of(n, [](auto& p) { p.name = ""; }), "a parameter has no name; every random variable needs one");
  EXPECT_EQ(of(n, [](auto& p) { p.name = "first"; }), "parameter 'first': is declared twice");
  EXPECT_EQ(of(n, [](auto& p) { p.lo = 2; }), "parameter 'x': range [2, 1] is not finite and ascending");
  EXPECT_EQ(of(n, [](auto& p) { p.hi = HUGE_VAL; }), "parameter 'x': range [0, inf] is not finite and ascending");
  EXPECT_EQ(of(n, [](auto& p) { p.lo = std::nan(""); }), "parameter 'x': range [nan, 1] is not finite and ascending");
  EXPECT_EQ(of(n, [](auto& p) { p.lo = -1e308, p.hi = 1e308; }).substr(0, 21), "parameter 'x': range ")
      << "its width overflows";
  EXPECT_EQ(of(n, [](auto& p) { p.scale = Scale::log; }),
            "parameter 'x': a logarithmic range has to start above 0, not at 0");
  EXPECT_EQ(of(n, [](auto& p) { p.step = -1; }), "parameter 'x': step -1 has to be a finite number >= 0");
  EXPECT_EQ(of(n, [](auto& p) { p.step = 1e-300; }),
            "parameter 'x': step 1e-300 makes more than 2^53 levels; leave it out for a continuous "
            "parameter");
  EXPECT_EQ(of(n,
               [](auto& p) {
                 p.normal = NormalPrior{0, 0};
               }),
            "parameter 'x': a normal prior needs a finite mean and a standard deviation above 0");
  EXPECT_EQ(of(n,
               [](auto& p) {
                 p.normal = NormalPrior{100, 1};
               }),
            "parameter 'x': its normal prior has next to no mass in the range; move the mean or widen the range");
  EXPECT_EQ(of(n, [](auto& p) { p.weights = {1}; }),
            "parameter 'x': a number takes no weights; use a normal prior, or a choice");
  EXPECT_EQ(of(n, [](auto& p) { p.otherwise = 2; }), "parameter 'x': default 2 is outside its range");
  EXPECT_EQ(of(n, [](auto& p) { p.name = "a\nb"; }), "parameter 'a\nb': its name holds a control character");
  EXPECT_EQ(of(whole, [](auto& p) { p.lo = 0.5; }),
            "parameter 'i': bounds of an integer have to be whole numbers of at most 2^53");
  EXPECT_EQ(of(whole, [](auto& p) { p.hi = 0x1p60; }),
            "parameter 'i': bounds of an integer have to be whole numbers of at most 2^53");
  EXPECT_EQ(of(whole, [](auto& p) { p.step = 0.5; }), "parameter 'i': the step of an integer has to be whole");
  EXPECT_EQ(of(whole, [](auto& p) { p.otherwise = 2.5; }), "parameter 'i': default 2.5 is outside its range");
  EXPECT_EQ(of(c, [](auto& p) { p.choices.clear(); }), "parameter 'c': has no choices; give at least one");
  EXPECT_EQ(of(c, [](auto& p) { p.weights = {1}; }), "parameter 'c': 1 weights for 2 choices; give one each");
  EXPECT_EQ(of(c, [](auto& p) { p.weights = {1, -1}; }), "parameter 'c': weight -1 is not a finite number >= 0");
  EXPECT_EQ(of(c,
               [](auto& p) {
                 p.weights = {0, 0};
               }),
            "parameter 'c': all weights are 0; at least one has to be positive");
  EXPECT_EQ(of(c, [](auto& p) { p.normal = NormalPrior{}; }),
            "parameter 'c': a choice takes weights as its prior, not a normal distribution");
  EXPECT_EQ(of(n,
               [](auto& p) {
                 p.conditions = {{0, "x", NAS_OP_EQ, 1}};
               }),
            "parameter 'x': its condition names 'x', which is not declared before it");
  EXPECT_EQ(of(n,
               [](auto& p) {
                 p.conditions = {{0, "first", 9, 1}};
               }),
            "parameter 'x': its condition uses an unknown comparison");
  EXPECT_EQ(of(n,
               [](auto& p) {
                 p.conditions = {{0, "first", NAS_OP_NE, std::nan("")}};
               }),
            "parameter 'x': its condition compares with NaN, which never holds");
}

TEST(SpaceDeclaration, groups_in_any_order_mean_the_same) {
  // (first > 0.5 and second > 0.5) or (first < 0.1), the conditions of the first group apart.
  Parameter child = real("child");
  child.conditions = {{0, "first", NAS_OP_GT, 0.5}, {1, "first", NAS_OP_LT, 0.1}, {0, "second", NAS_OP_GT, 0.5}};
  const SpaceDeclaration space({real("first"), real("second"), child});
  const auto active = [&](double first, double second) {
    Point p(3);
    p.x = {first, second, 0};
    SpaceView(space.view()).activate(p.row());
    return p.active[2] != 0;
  };
  EXPECT_TRUE(active(0.9, 0.9));
  EXPECT_FALSE(active(0.9, 0.1)) << "half of a group is not enough";
  EXPECT_FALSE(active(0.3, 0.9));
  EXPECT_TRUE(active(0.05, 0.1));
}

TEST(SpaceDeclaration, fingerprints_are_equal_iff_declarations_are) {
  EXPECT_EQ(test::mixed_space().fingerprint(), test::mixed_space().fingerprint());
  std::set<std::string> seen{test::mixed_space().fingerprint(), SpaceDeclaration().fingerprint()};
  std::size_t n = seen.size();
  const auto expect_new = [&](std::vector<Parameter> parameters) {
    EXPECT_TRUE(seen.insert(SpaceDeclaration(std::move(parameters)).fingerprint()).second) << n;
    ++n;
  };
  Parameter base = real("x", 1, 2);
  const auto variant = [&](const std::function<void(Parameter&)>& change) {
    Parameter p = base;
    change(p);
    expect_new({real("first"), p});
  };
  variant([](auto&) {});
  variant([](auto& p) { p.name = "y"; });
  variant([](auto& p) { p.hi = std::nextafter(2.0, 3.0); });
  variant([](auto& p) { p.scale = Scale::log; });
  variant([](auto& p) { p.kind = ParameterKind::integer; });
  variant([](auto& p) { p.step = 0.5; });
  variant([](auto& p) { p.normal = NormalPrior{1, 1}; });
  variant([](auto& p) { p.otherwise = 1.5; });
  variant([](auto& p) { p.conditions = {{0, "first", NAS_OP_GT, 0.5}}; });
  variant([](auto& p) { p.conditions = {{1, "first", NAS_OP_GT, 0.5}}; });
  expect_new({choice("c", {std::string("1")})});
  expect_new({choice("c", {std::int64_t{1}})});
  expect_new({choice("c", {1.0})});
  expect_new({choice("c", {true})});
  expect_new({choice("c", {std::string("a"), std::string("b")})});
  expect_new({choice("c", {std::string("a\x1f"
                                       "b")})});
  expect_new({choice("c", {std::string("ab")})});
}

TEST(SpaceDeclaration, copies_share_the_data_and_outlive_the_original) {
  const nas_space* raw = nullptr;
  SpaceDeclaration copy;
  {
    const SpaceDeclaration original = test::mixed_space();
    raw = original.view();
    copy = original;
  }
  EXPECT_EQ(copy.view(), raw);
  EXPECT_EQ(view(SpaceView(raw).param(0).name), "rate");
}

TEST(SpaceDeclaration, a_copy_through_the_abi_is_equal_and_deep) {
  const auto original = std::make_unique<SpaceDeclaration>(test::mixed_space());
  const SpaceDeclaration copy = SpaceDeclaration::from_abi(*original->view());
  EXPECT_EQ(copy.fingerprint(), original->fingerprint());
  ASSERT_EQ(copy.size(), original->size());
  for (std::size_t i = 0; i < copy.size(); ++i) {
    EXPECT_EQ(copy.parameters()[i].name, original->parameters()[i].name);
    EXPECT_EQ(copy.parameters()[i].choices, original->parameters()[i].choices);
    EXPECT_EQ(copy.parameters()[i].conditions, original->parameters()[i].conditions);
  }
}

// One hostile change at a time to a C view of the mixed space.
struct Hostile {
  Hostile() : source(test::mixed_space()), space(*source.view()) {
    for (std::size_t i = 0; i < source.size(); ++i) params.push_back(SpaceView(source.view()).param(i));
    conds.assign(space.conds, space.conds + space.n_conds);
    space.params = params.data();
    space.conds = conds.data();
    space.param_stride = sizeof(nas_param);
  }
  SpaceDeclaration source;
  nas_space space;
  std::vector<nas_param> params;
  std::vector<nas_cond> conds;
};

std::string refusal_of_abi(const std::function<void(Hostile&)>& spoil) {
  Hostile h;
  spoil(h);
  return refusal([&] { SpaceDeclaration::from_abi(h.space); });
}

TEST(SpaceDeclaration, from_abi_refuses_hostile_input) {
  const auto of = refusal_of_abi;
  EXPECT_EQ(of([](Hostile&) {}), "accepted");
  EXPECT_EQ(of([](Hostile& h) { h.space.size = 8; }),
            "nas_space is smaller than ABI 1.0; build the plugin against a released SDK");
  EXPECT_EQ(of([](Hostile& h) { h.space.param_stride = 8; }),
            "nas_space is smaller than ABI 1.0; build the plugin against a released SDK");
  EXPECT_EQ(of([](Hostile& h) { h.space.param_stride += 3; }), "nas_space.param_stride is not a multiple of 8");
  EXPECT_EQ(of([](Hostile& h) { h.space.params = nullptr; }), "nas_space.params is null");
  EXPECT_EQ(of([](Hostile& h) { h.space.conds = nullptr; }), "nas_space.conds is null");
  EXPECT_EQ(of([](Hostile& h) { h.params[0].name = {nullptr, 3}; }), "the name of parameter 0 is null");
  EXPECT_EQ(of([](Hostile& h) { h.params[0].kind = 17; }),
            "parameter 'rate': kind, scale or prior is not one of ABI 1");
  EXPECT_EQ(of([](Hostile& h) { h.params[0].prior = NAS_PRIOR_WEIGHTS; }),
            "parameter 'rate': a number takes no weights; only choices do");
  EXPECT_EQ(of([](Hostile& h) { h.params[4].choices = nullptr; }), "parameter 'width': its choices are null");
  EXPECT_EQ(of([](Hostile& h) { h.params[4].n_choices = 0; }), "parameter 'width': has no choices; give at least one");
  EXPECT_EQ(of([](Hostile& h) { h.params[5].weights = nullptr; }), "parameter 'kind': its weights are null");
  EXPECT_EQ(of([](Hostile& h) { h.params[6].cond_first = 0xffffffff; }),
            "parameter 'depth': its conditions lie outside the list");
  EXPECT_EQ(of([](Hostile& h) { h.params[6].cond_count = 100; }),
            "parameter 'depth': its conditions lie outside the list");
  EXPECT_EQ(of([](Hostile& h) { h.conds[0].parent = 6; }),
            "parameter 'depth': its condition refers to a parameter that does not come before it");
  EXPECT_EQ(of([](Hostile& h) { h.conds[0].op = 77; }), "parameter 'depth': its condition uses an unknown comparison");
  EXPECT_EQ(of([](Hostile& h) { h.params[0].hi = std::nan(""); }).substr(0, 22), "parameter 'rate': rang");
  EXPECT_EQ(of([](Hostile& h) { h.params[1].prior_b = -1; }),
            "parameter 'share': a normal prior needs a finite mean and a standard deviation above 0");
  EXPECT_EQ(of([](Hostile& h) {
              static const nas_value bad{NAS_T_STR, 5, {.s = nullptr}};
              h.params[4].choices = &bad;
              h.params[4].n_choices = 1;
            }),
            "parameter 'width': the text of a choice is null");
  EXPECT_EQ(of([](Hostile& h) {
              static const nas_value bad{NAS_T_FLOATS, 5, {.fs = nullptr}};
              h.params[4].choices = &bad;
              h.params[4].n_choices = 1;
            }),
            "parameter 'width': a choice is neither bool, integer, number nor text");
}

TEST(SpaceDeclaration, an_empty_space_is_a_space) {
  const nas_space nothing{sizeof(nas_space), sizeof(nas_param), 0, 0, nullptr, nullptr, {}};
  EXPECT_EQ(SpaceDeclaration::from_abi(nothing).size(), 0U);
}

TEST(ChoiceValue, has_a_text_that_reads_back) {
  EXPECT_EQ(to_text(ChoiceValue(true)), "true");
  EXPECT_EQ(to_text(ChoiceValue(std::int64_t{-7})), "-7");
  EXPECT_EQ(to_text(ChoiceValue(std::string("adamw"))), "adamw");
  EXPECT_EQ(std::stod(to_text(ChoiceValue(0.1))), 0.1);
}

}  // namespace
}  // namespace nascent
