#include "permutation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace nascent::grid {
namespace {

TEST(Permutation, meets_every_element_once) {
  for (const std::uint64_t n : {1U, 2U, 3U, 4U, 5U, 16U, 17U, 100U, 1000U, 4097U}) {
    const Permutation p(n, 7);
    std::vector<bool> met(n);
    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_LT(p(i), n);
      ASSERT_FALSE(met[p(i)]) << n;
      met[p(i)] = true;
    }
  }
}

TEST(Permutation, follows_its_seed) {
  const Permutation a(1000, 1), same(1000, 1), other(1000, 2);
  int equal = 0, fixed = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(a(i), same(i));
    equal += a(i) == other(i) ? 1 : 0;
    fixed += a(i) == i ? 1 : 0;
  }
  EXPECT_LT(equal, 12);  // Poisson(1): 8e-10
  EXPECT_LT(fixed, 12);
}

TEST(Permutation, works_up_to_2_to_the_64) {
  const Permutation p(~0ULL, 3);
  std::set<std::uint64_t> met;
  for (std::uint64_t i = 0; i < 1000; ++i) met.insert(p(~0ULL - 1 - i));
  EXPECT_EQ(met.size(), 1000U);
}

}  // namespace
}  // namespace nascent::grid
