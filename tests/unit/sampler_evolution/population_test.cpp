#include "evolution/population.hpp"

#include <gtest/gtest.h>

namespace nascent::evolution {
namespace {

Member member(std::uint64_t id, std::vector<double> values, double violation = 0) {
  return {id, Point(1), std::move(values), violation};
}

TEST(Population, the_oldest_member_leaves_however_fit_it_is) {
  Population p(2);
  p.add(member(0, {0.0}));
  p.add(member(1, {5.0}));
  p.add(member(2, {6.0}));
  ASSERT_EQ(p.size(), 2U);
  EXPECT_EQ(p[0].trial_id, 1U);
  EXPECT_EQ(p[1].trial_id, 2U);
}

TEST(Population, the_lower_value_is_fitter_and_ties_go_to_the_younger) {
  Population p(3);
  p.add(member(0, {1.0}));
  p.add(member(1, {2.0}));
  p.add(member(2, {1.0}));
  EXPECT_TRUE(p.fitter(0, 1));
  EXPECT_FALSE(p.fitter(1, 0));
  EXPECT_TRUE(p.fitter(2, 0));
  EXPECT_FALSE(p.fitter(0, 2));
}

TEST(Population, feasible_comes_before_infeasible_and_a_small_violation_before_a_large_one) {
  Population p(3);
  p.add(member(0, {9.0}));
  p.add(member(1, {1.0}, 0.5));
  p.add(member(2, {0.0}, 2.0));
  EXPECT_TRUE(p.fitter(0, 1));
  EXPECT_TRUE(p.fitter(1, 2));
  EXPECT_FALSE(p.fitter(2, 0));
}

TEST(Population, several_objectives_go_by_rank_then_crowding) {
  Population p(5);
  p.add(member(0, {0.0, 4.0}));  // front: 0, 1, 2, 3; member 4 is dominated by 1
  p.add(member(1, {1.0, 3.0}));
  p.add(member(2, {1.1, 2.9}));  // the most crowded of the front
  p.add(member(3, {4.0, 0.0}));
  p.add(member(4, {1.5, 3.5}));
  p.rank();
  for (const std::size_t i : {0U, 1U, 2U, 3U}) EXPECT_TRUE(p.fitter(i, 4)) << i;
  for (const std::size_t end : {0U, 3U}) {
    EXPECT_TRUE(p.fitter(end, 1)) << "ends of the front are the least crowded";
    EXPECT_TRUE(p.fitter(end, 2));
  }
  // By hand (Deb et al. 2002): d1 = (1.1-0)/4 + (4-2.9)/4 = 0.55; d2 = (4-1)/4 + (3-0)/4 = 1.5.
  EXPECT_TRUE(p.fitter(2, 1));
}

}  // namespace
}  // namespace nascent::evolution
