#include "grid.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/sampler_instance.hpp"
#include "support/spaces.hpp"

namespace nascent::grid {
namespace {

using test::Config;

test::SamplerInstance make(const SpaceDeclaration& space,
                           std::initializer_list<std::pair<std::string, test::OptionValue>> given = {},
                           std::uint64_t seed = 1) {
  Config config(given);
  config.complete<Grid>();
  return {SamplerKind::table<Grid>, space, config, {.seed = seed}};
}

// All configurations up to exhaustion.
std::vector<Point> all(test::SamplerInstance& sampler) {
  std::vector<Point> points;
  try {
    for (std::uint64_t t = 0;; ++t) points.push_back(sampler.ask_one(t));
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_EXHAUSTED);
  }
  return points;
}

std::vector<double> values(const Parameter& p, std::uint64_t levels) {
  const SpaceDeclaration space({p});
  return grid_values(SpaceView(space.view())[0], levels);
}

Parameter number(ParameterKind kind, double lo, double hi, Scale scale = Scale::linear) {
  Parameter p;
  p.name = "p";
  p.kind = kind;
  p.lo = lo;
  p.hi = hi;
  p.scale = scale;
  return p;
}

TEST(Grid, spaces_numbers_evenly_on_their_scale_with_both_ends) {
  EXPECT_EQ(values(number(ParameterKind::real, 0, 1), 5), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  const auto log = values(number(ParameterKind::real, 1e-4, 1e-1, Scale::log), 4);
  ASSERT_EQ(log.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(log[i] / std::pow(10, static_cast<double>(i) - 4), 1, 1e-12);
  EXPECT_EQ(values(number(ParameterKind::real, 0, 1), 1), (std::vector<double>{0.5}));
}

TEST(Grid, whole_numbers_take_all_levels_or_thinned_ones_without_repeats) {
  EXPECT_EQ(values(number(ParameterKind::integer, 1, 3), 5), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(values(number(ParameterKind::integer, 0, 100), 5), (std::vector<double>{0, 25, 50, 75, 100}));
  EXPECT_EQ(values(number(ParameterKind::integer, 1, 8, Scale::log), 7), (std::vector<double>{1, 2, 3, 4, 6, 8}));
}

TEST(Grid, a_normal_prior_puts_levels_where_its_mass_is) {
  Parameter p = number(ParameterKind::real, -100, 100);
  p.normal = NormalPrior{3, 1};
  const auto v = values(p, 3);
  ASSERT_EQ(v.size(), 3U);
  EXPECT_NEAR(v[0], 3 - 0.9674, 1e-4);  // quantile 1/6
  EXPECT_NEAR(v[1], 3, 1e-12);
}

TEST(Grid, enumerates_lexicographically) {
  SpaceBuilder s;
  s.choice("a", {"x", "y"});
  s.integer("b", 1, 3);
  auto sampler = make(s.declaration());
  const auto points = all(sampler);
  ASSERT_EQ(points.size(), 6U);
  EXPECT_EQ(points[0].x, (std::vector<double>{0, 1}));
  EXPECT_EQ(points[1].x, (std::vector<double>{0, 2}));
  EXPECT_EQ(points[5].x, (std::vector<double>{1, 3}));
}

TEST(Grid, counts_conditional_spaces_without_repeats) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"levels", 2}});
  const auto points = all(sampler);
  // rate 2, share 2, stepped 2, count 2, width 3; kind a, c: 1 each; kind b: depth in {1, 5}: 1, then flag off 1, on 2.
  EXPECT_EQ(points.size(), 2U * 2 * 2 * 2 * 3 * (1 + 1 + (1 + (1 + 2))));
  std::set<std::vector<double>> seen;
  for (const Point& p : points) {
    ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
    std::vector<double> key = p.x;
    key.insert(key.end(), p.active.begin(), p.active.end());
    ASSERT_TRUE(seen.insert(key).second) << "twice";
  }
}

TEST(Grid, shuffled_is_the_same_grid_in_another_order_by_seed) {
  const SpaceDeclaration space = test::mixed_space();
  auto ordered = make(space, {{"levels", 2}}), first = make(space, {{"levels", 2}, {"order", "shuffled"}}, 1),
       again = make(space, {{"levels", 2}, {"order", "shuffled"}}, 1),
       other = make(space, {{"levels", 2}, {"order", "shuffled"}}, 2);
  const auto a = all(ordered), b = all(first), c = all(again), d = all(other);
  EXPECT_NE(a, b);
  EXPECT_EQ(b, c);
  EXPECT_NE(b, d);
  const auto sorted = [](const std::vector<Point>& points) {
    std::multiset<std::vector<double>> set;
    for (const Point& p : points) set.insert(p.x);
    return set;
  };
  EXPECT_EQ(sorted(a), sorted(b));
}

TEST(Grid, a_trial_depends_on_its_number_alone) {
  const SpaceDeclaration space = test::mixed_space();
  auto a = make(space), b = make(space);
  const auto batch = a.ask({7, 100, 3});
  EXPECT_EQ(batch[1], b.ask_one(100));
  EXPECT_EQ(batch[2], b.ask_one(3));
}

TEST(Grid, what_queued_configurations_displaced_comes_behind_the_end) {
  SpaceBuilder s;
  s.integer("i", 1, 5);
  for (const char* order : {"lexicographic", "shuffled"}) {
    auto sampler = make(s.declaration(), {{"order", order}});
    std::set<double> tried;
    test::History told, pending;
    const auto try_as = [&](test::History& history, std::uint64_t trial, const Point& point) {
      tried.insert(point.x[0]);
      history.add(trial, TrialState::completed, {1}, point);
    };
    Point queued(1);
    queued.active = {1};
    queued.x = sampler.ask_one(3).x;  // displaces the first and is tried again as the fourth
    try_as(told, 0, queued);
    for (std::uint64_t trial = 1; trial < 4; ++trial) try_as(told, trial, sampler.ask_one(trial));
    sampler.tell(told);
    queued.x = sampler.ask_one(2).x;  // displaces the fifth while it runs
    try_as(pending, 4, queued);
    for (std::uint64_t trial = 5; trial < 7; ++trial) try_as(pending, trial, sampler.ask_one(trial, pending.get()));
    EXPECT_EQ(tried.size(), 5U) << order;
    EXPECT_THROW(sampler.ask_one(7, pending.get()), Error) << order;
  }
}

TEST(Grid, a_batch_at_the_end_is_short_and_then_exhausted) {
  SpaceBuilder s;
  s.integer("i", 1, 3);
  auto sampler = make(s.declaration());
  EXPECT_EQ(sampler.ask({1, 2, 3, 4}).size(), 2U);
  try {
    sampler.ask({3});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "the grid has 3 configurations, and all have been offered; raise levels for a finer one");
  }
}

TEST(Grid, a_huge_grid_costs_no_memory) {
  SpaceBuilder s;
  for (int i = 0; i < 40; ++i) s.real("p" + std::to_string(i), 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto ordered = make(space, {{"levels", 1000}}), shuffled = make(space, {{"levels", 1000}, {"order", "shuffled"}});
  const Point p = ordered.ask_one(1234567890123ULL);  // 1000^40 configurations: base 1000 digits of the number
  EXPECT_NEAR(p.x[39], 123 / 999.0, 1e-12);
  EXPECT_NEAR(p.x[38], 890 / 999.0, 1e-12);
  EXPECT_NEAR(p.x[35], 1 / 999.0, 1e-12);
  EXPECT_EQ(p.x[34], 0);
  EXPECT_NE(shuffled.ask_one(0), shuffled.ask_one(1));
}

TEST(Grid, many_conditional_stages_are_counted_by_what_is_still_pending) {
  SpaceBuilder s;
  s.repeat("stage", 1, 30, [](SpaceBuilder& b, std::size_t) {
    const auto block = b.choice("block", {"a", "b", "c"});
    b.when(b.is(block, "c"), [](SpaceBuilder& in) { in.integer("expansion", 1, 4); });
    return block;
  });
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"levels", 30}});
  const SpaceView view(space.view());
  for (const std::uint64_t t : {0ULL, 5ULL, 6ULL, 41ULL, 42ULL, 1000000000000000000ULL}) {
    const Point p = sampler.ask_one(t);
    ASSERT_TRUE(view.contains(p.row()));
    if (t == 5) {
      EXPECT_EQ(p.x[0], 1) << "one stage: 1 + 1 + 4 configurations";
    }
    if (t == 6) {
      EXPECT_EQ(p.x[0], 2) << "then two: 36";
    }
    if (t == 42) {
      EXPECT_EQ(p.x[0], 3);
    }
  }
}

TEST(Grid, levels_of_single_parameters) {
  SpaceBuilder s;
  s.real("rate", 0, 1);
  s.real("other", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"levels", 2}, {"levels_of/rate", 3}});
  EXPECT_EQ(all(sampler).size(), 6U);
  try {
    make(space, {{"levels_of/rat", 3}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.option(), "/levels_of/rat");
    EXPECT_STREQ(e.what(), "levels_of names parameter 'rat', which this study does not have");
  }
}

TEST(Grid, a_space_without_parameters_has_one_configuration) {
  auto sampler = make(SpaceDeclaration());
  EXPECT_EQ(all(sampler).size(), 1U);
}

}  // namespace
}  // namespace nascent::grid
