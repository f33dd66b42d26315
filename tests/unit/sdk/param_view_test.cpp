// One parameter's arithmetic: levels, bounds, rounding.
#include <gtest/gtest.h>

#include <cmath>

#include "nascent/space_builder.hpp"

namespace nascent {
namespace {

nas_param number(std::uint32_t kind, double lo, double hi, double step = 0, std::uint32_t scale = NAS_SCALE_LINEAR) {
  nas_param p{};
  p.kind = kind;
  p.scale = scale;
  p.lo = lo;
  p.hi = hi;
  p.step = step;
  p.dflt = std::nan("");
  return p;
}

TEST(ParamView, counts_levels) {
  EXPECT_EQ(ParamView(number(NAS_P_FLOAT, 0, 1)).levels(), 0U) << "continuous";
  EXPECT_EQ(ParamView(number(NAS_P_FLOAT, 0, 1, 0.1)).levels(), 11U) << "0.1 is no binary fraction";
  EXPECT_EQ(ParamView(number(NAS_P_FLOAT, 0, 1, 0.3)).levels(), 4U);
  EXPECT_EQ(ParamView(number(NAS_P_FLOAT, 0, 1, 5)).levels(), 1U);
  EXPECT_EQ(ParamView(number(NAS_P_INT, -3, 3)).levels(), 7U);
  EXPECT_EQ(ParamView(number(NAS_P_INT, 0, 10, 4)).levels(), 3U);
  EXPECT_EQ(ParamView(number(NAS_P_INT, -0x1p53, 0x1p53)).levels(), (1ULL << 54) + 1);
  nas_param choice = number(NAS_P_CAT, 0, 4);
  choice.n_choices = 5;
  EXPECT_EQ(ParamView(choice).levels(), 5U);
}

TEST(ParamView, every_level_is_contained_and_finds_itself) {
  for (const nas_param& p :
       {number(NAS_P_FLOAT, 0, 1, 0.1), number(NAS_P_FLOAT, -1e6, 1e6, 0.37), number(NAS_P_FLOAT, 1e-9, 2e-9, 1e-12),
        number(NAS_P_INT, -3, 3), number(NAS_P_INT, 1, 4096, 7, NAS_SCALE_LOG),
        number(NAS_P_FLOAT, 1e12, 1e12 + 1000, 0.5)}) {
    const ParamView view(p);
    for (std::uint64_t k = 0; k < view.levels(); k += std::max<std::uint64_t>(1, view.levels() / 1000)) {
      ASSERT_EQ(view.level_of(view.level(k)), k);
      ASSERT_TRUE(view.contains(view.level(k)));
      ASSERT_EQ(view.clamp(view.level(k)), view.level(k));
    }
  }
}

TEST(ParamView, contains_whole_numbers_exactly_at_any_size) {
  const nas_param p = number(NAS_P_INT, 0, 0x1p53), steps = number(NAS_P_INT, 1, 10, 3);
  EXPECT_TRUE(ParamView(p).contains(1e12));
  EXPECT_FALSE(ParamView(p).contains(1e12 + 0.5));
  EXPECT_FALSE(ParamView(p).contains(0.0001));
  EXPECT_TRUE(ParamView(steps).contains(7));
  EXPECT_FALSE(ParamView(steps).contains(8));
}

TEST(ParamView, contains_refuses_what_lies_between_levels_outside_or_nowhere) {
  const nas_param fine = number(NAS_P_FLOAT, 0, 1e-9, 1e-12), plain = number(NAS_P_FLOAT, 0, 1);
  EXPECT_FALSE(ParamView(fine).contains(0.5e-12));
  EXPECT_TRUE(ParamView(fine).contains(3e-12));
  for (const double bad : {-1e-300, std::nextafter(1.0, 2.0), HUGE_VAL, -HUGE_VAL, std::nan("")})
    EXPECT_FALSE(ParamView(plain).contains(bad)) << bad;
  nas_param choice = number(NAS_P_CAT, 0, 4);
  choice.n_choices = 5;
  EXPECT_FALSE(ParamView(choice).contains(0.5));
  EXPECT_TRUE(ParamView(choice).contains(4));
}

TEST(ParamView, clamp_gives_the_nearest_value_and_the_lowest_for_nan) {
  const nas_param steps = number(NAS_P_INT, 1, 10, 4), plain = number(NAS_P_FLOAT, 2, 3);
  EXPECT_EQ(ParamView(steps).clamp(6.9), 5);
  EXPECT_EQ(ParamView(steps).clamp(7.1), 9);
  EXPECT_EQ(ParamView(steps).clamp(HUGE_VAL), 9) << "10 is no level";
  EXPECT_EQ(ParamView(steps).clamp(-HUGE_VAL), 1);
  EXPECT_EQ(ParamView(steps).clamp(std::nan("")), 1);
  EXPECT_EQ(ParamView(plain).clamp(std::nan("")), 2);
  EXPECT_EQ(ParamView(plain).clamp(9), 3);
}

}  // namespace
}  // namespace nascent
