#include "execution/holdout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace nascent::core {
namespace {

std::vector<std::int64_t> labels(std::size_t n, std::int64_t classes) {
  std::vector<std::int64_t> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(static_cast<std::int64_t>(i) % classes);
  return all;
}

void expect_a_partition(const Holdout& h, std::size_t n) {
  std::set<std::int64_t> rows(h.kept.begin(), h.kept.end());
  rows.insert(h.held_out.begin(), h.held_out.end());
  EXPECT_EQ(rows.size(), n);
  EXPECT_EQ(h.kept.size() + h.held_out.size(), n);
  EXPECT_TRUE(std::is_sorted(h.kept.begin(), h.kept.end()));
  EXPECT_TRUE(std::is_sorted(h.held_out.begin(), h.held_out.end()));
}

TEST(Holdout, every_class_gives_its_share) {
  const auto all = labels(1000, 4);
  const Holdout h = hold_out_stratified(all, 0.1, 1);
  expect_a_partition(h, 1000);
  std::map<std::int64_t, int> held;
  for (const auto row : h.held_out) ++held[all[static_cast<std::size_t>(row)]];
  for (const auto& [label, n] : held) EXPECT_EQ(n, 25) << label;
}

TEST(Holdout, a_class_of_one_row_stays_in_training) {
  auto all = labels(20, 2);
  all.push_back(9);
  const Holdout h = hold_out_stratified(all, 0.5, 1);
  expect_a_partition(h, 21);
  EXPECT_EQ(h.kept.back(), 20);
}

TEST(Holdout, the_seed_decides_the_rows) {
  const auto all = labels(200, 2);
  EXPECT_EQ(hold_out_stratified(all, 0.2, 5).held_out, hold_out_stratified(all, 0.2, 5).held_out);
  EXPECT_NE(hold_out_stratified(all, 0.2, 5).held_out, hold_out_stratified(all, 0.2, 6).held_out);
  EXPECT_EQ(hold_out_random(200, 0.2, 5).held_out, hold_out_random(200, 0.2, 5).held_out);
  EXPECT_EQ(hold_out_random(200, 0.2, 5).held_out.size(), 40U);
}

TEST(Holdout, both_parts_have_a_row_even_at_extreme_shares) {
  EXPECT_EQ(hold_out_random(2, 0.001, 1).held_out.size(), 1U);
  EXPECT_EQ(hold_out_random(2, 0.999, 1).kept.size(), 1U);
}

TEST(Holdout, a_group_stays_together) {
  std::vector<std::int64_t> groups;
  for (std::int64_t i = 0; i < 100; ++i) groups.push_back(i / 7);
  const Holdout h = hold_out_groups(groups, 0.3, 3);
  expect_a_partition(h, 100);
  EXPECT_GE(h.held_out.size(), 30U);
  std::set<std::int64_t> kept, held;
  for (const auto row : h.kept) kept.insert(groups[static_cast<std::size_t>(row)]);
  for (const auto row : h.held_out) held.insert(groups[static_cast<std::size_t>(row)]);
  for (const auto group : held) EXPECT_FALSE(kept.contains(group)) << group;
}

TEST(Holdout, with_time_the_newest_rows_judge) {
  const std::vector<double> times{5, 1, 4, 2, 3};
  EXPECT_EQ(hold_out_newest(times, 0.4).held_out, (std::vector<std::int64_t>{0, 2}));
}

}  // namespace
}  // namespace nascent::core
