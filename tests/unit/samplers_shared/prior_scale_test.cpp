#include "shared/prior_scale.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/spaces.hpp"

namespace nascent::samplers {
namespace {

TEST(PriorScale, leads_back_from_every_value_to_itself) {
  const SpaceDeclaration space = test::mixed_space();
  const SpaceView view(space.view());
  const PriorScale scale(view);
  Rng rng(3);
  for (int n = 0; n < 2000; ++n) {
    Point p(view.size());
    view.sample(rng, p.row());
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (p.active[i] == 0) continue;
      const Quantiles q = scale.quantiles(i, p.x[i]);
      ASSERT_LE(0, q.from);
      ASSERT_LE(q.to, 1);
      EXPECT_NEAR(scale.value(i, q.middle()), p.x[i], 1e-9 * std::abs(p.x[i]) + 1e-12) << view[i].name();
      const double mass = view[i].levels() > 0 ? std::exp(view[i].log_prior(p.x[i])) : 0;
      EXPECT_NEAR(q.mass(), mass, 1e-12) << view[i].name();
    }
  }
}

TEST(PriorScale, levels_share_the_interval_without_gaps) {
  SpaceBuilder s;
  s.integer("log", 1, 100, {.scale = Scale::log});
  s.real("stepped", -1, 1, {.step = 0.25, .normal = NormalPrior{0, 0.3}});
  s.ordinal<std::int64_t>("weighted", {1, 2, 3, 4}, {0, 1, 3, 0});
  s.integer("wide", 0, 5000);
  const SpaceDeclaration space = s.declaration();
  const SpaceView view(space.view());
  const PriorScale scale(view);
  for (std::size_t i = 0; i < view.size(); ++i) {
    double end = 0;
    for (std::uint64_t k = 0; k < view[i].levels(); ++k) {
      const Quantiles q = scale.quantiles(i, view[i].level(k));
      EXPECT_NEAR(q.from, end, 1e-9) << view[i].name() << ' ' << k;
      end = q.to;
    }
    EXPECT_NEAR(end, 1, 1e-9) << view[i].name();
  }
  EXPECT_TRUE(scale.edges(3).empty()) << "too many levels for a table";
}

TEST(PriorScale, choices_of_weight_0_have_no_place) {
  SpaceBuilder s;
  s.choice("c", {"never", "a", "b", "neither"}, {0, 1, 1, 0});
  const SpaceDeclaration space = s.declaration();
  const PriorScale scale{SpaceView(space.view())};
  EXPECT_EQ(scale.value(0, 0), 1);
  EXPECT_EQ(scale.value(0, 0.499), 1);
  EXPECT_EQ(scale.value(0, 0.5), 2);
  EXPECT_EQ(scale.value(0, 1), 2);
  EXPECT_EQ(scale.quantiles(0, 0).mass(), 0);
}

TEST(PriorScale, knows_what_can_vary) {
  SpaceBuilder s;
  s.choice("only", {"one"});
  s.choice("certain", {"never", "always"}, {0, 1});
  s.integer("fixed", 4, 4);
  s.real("point", 0.5, 0.5);
  s.choice("free", {"a", "b"});
  s.real("range", 0, 1);
  s.integer("many", 0, 100000);
  const SpaceDeclaration space = s.declaration();
  const PriorScale scale{SpaceView(space.view())};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(scale.is_free(i), i >= 4) << i;
}

}  // namespace
}  // namespace nascent::samplers
