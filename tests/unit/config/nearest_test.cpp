#include <gtest/gtest.h>

#include <nascent/core/nearest.hpp>

namespace nascent::core {
namespace {

TEST(EditDistance, counts_swaps_of_neighbours_once) {
  EXPECT_EQ(edit_distance("popluation", "population"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("Seed", "seed"), 0U);
}

TEST(Nearest, finds_what_was_meant) {
  const std::vector<std::string> names{"random", "evolution", "grid"};
  EXPECT_EQ(nearest("evolutoin", names), "evolution");
  EXPECT_EQ(nearest("RANDOM", names), "random");
  EXPECT_EQ(nearest("evo", names), "evolution");
}

TEST(Nearest, stays_silent_when_nothing_is_close) {
  const std::vector<std::string> names{"random", "evolution", "grid"};
  EXPECT_EQ(nearest("bayes", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest(std::string(100000, 'a'), names), "");
  EXPECT_EQ(nearest("random", {}), "");
}

TEST(WayOut, names_the_nearest_or_else_all) {
  EXPECT_EQ(way_out("gird", {"random", "grid"}), "did you mean \"grid\"?");
  EXPECT_EQ(way_out("bayes", {"random", "grid"}), "valid: random, grid");
}

}  // namespace
}  // namespace nascent::core
