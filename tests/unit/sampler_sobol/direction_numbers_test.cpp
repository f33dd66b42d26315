#include "sobol/direction_numbers.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <set>

namespace nascent::sobol {
namespace {

TEST(DirectionNumbers, there_are_as_many_primitive_polynomials_of_each_degree_as_theory_says) {
  // Euler's phi(2^s - 1) / s for s = 1, 2, ...: OEIS A011260.
  const std::vector<std::size_t> expected{1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144};
  std::size_t n = 0;
  for (const std::size_t count : expected) n += count;
  std::map<int, std::size_t> by_degree;
  for (const std::uint32_t p : primitive_polynomials(n)) ++by_degree[static_cast<int>(std::bit_width(p)) - 1];
  ASSERT_EQ(by_degree.size(), expected.size());
  for (const auto& [degree, count] : by_degree)
    EXPECT_EQ(count, expected[static_cast<std::size_t>(degree) - 1]) << degree;
}

TEST(DirectionNumbers, the_first_polynomials_are_the_published_ones) {
  EXPECT_EQ(primitive_polynomials(12), (std::vector<std::uint32_t>{3, 7, 11, 13, 19, 25, 37, 41, 47, 55, 59, 61}));
}

TEST(DirectionNumbers, points_equal_those_of_an_independent_implementation) {
  // scipy 1.10.1, qmc.Sobol(d=101, scramble=False, bits=32), times 2^32. It visits the points in the order of Gray
  // codes: its rows 1, 2, 3, 100, 777, 999 are points 1, 3, 2, 86, 653, 532.
  const std::vector<std::size_t> dimensions{0, 1, 2, 5, 10, 20, 36, 52, 70, 100};
  const std::map<std::uint32_t, std::vector<std::uint32_t>> expected{
      {1, std::vector<std::uint32_t>(10, 2147483648)},
      {3,
       {3221225472, 1073741824, 1073741824, 3221225472, 3221225472, 1073741824, 1073741824, 3221225472, 1073741824,
        1073741824}},
      {2,
       {1073741824, 3221225472, 3221225472, 1073741824, 1073741824, 3221225472, 3221225472, 1073741824, 3221225472,
        3221225472}},
      {86,
       {1778384896, 1107296256, 3321888768, 3187671040, 1979711488, 3254779904, 4194304000, 301989888, 973078528,
        167772160}},
      {653,
       {2973761536, 4022337536, 700448768, 1530920960, 3200253952, 1019215872, 1983905792, 2646605824, 3560964096,
        3619684352}},
      {532,
       {675282944, 3904897024, 348127232, 3628072960, 96468992, 1438646272, 2302672896, 2428502016, 926941184,
        3032481792}}};
  const auto all = direction_numbers(101);
  for (const auto& [index, coordinates] : expected) {
    for (std::size_t k = 0; k < dimensions.size(); ++k) {
      EXPECT_EQ(digits_of(all[dimensions[k]], index), coordinates[k])
          << "point " << index << ", dimension " << dimensions[k];
    }
  }
}

TEST(DirectionNumbers, every_dimension_beyond_the_table_is_stratified_too) {
  const auto all = direction_numbers(400);
  ASSERT_EQ(all.size(), 400U);
  for (std::size_t d = 0; d < all.size(); ++d) {
    std::set<std::uint32_t> intervals;
    for (std::uint32_t i = 0; i < 256; ++i) intervals.insert(digits_of(all[d], i) >> 24);
    EXPECT_EQ(intervals.size(), 256U) << "dimension " << d;
  }
  EXPECT_EQ(std::set<Directions>(all.begin(), all.end()).size(), 400U) << "and no two are the same";
}

TEST(DirectionNumbers, no_dimensions_are_none) { EXPECT_TRUE(direction_numbers(0).empty()); }

}  // namespace
}  // namespace nascent::sobol
