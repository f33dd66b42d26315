#include "split.hpp"

#include <gtest/gtest.h>

#include <set>

namespace nascent::csv {
namespace {

void expect_partition(const RowSplit& split, std::size_t n) {
  std::set<std::size_t> all(split.train.begin(), split.train.end());
  all.insert(split.test.begin(), split.test.end());
  EXPECT_EQ(all.size(), n);
  EXPECT_EQ(split.train.size() + split.test.size(), n);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.test.begin(), split.test.end()));
}

TEST(Split, at_random_takes_the_share_and_follows_the_seed) {
  const RowSplit a = split_at_random(100, 0.25, 1), again = split_at_random(100, 0.25, 1),
                 other = split_at_random(100, 0.25, 2);
  expect_partition(a, 100);
  EXPECT_EQ(a.test.size(), 25U);
  EXPECT_EQ(a.test, again.test);
  EXPECT_NE(a.test, other.test);
  EXPECT_TRUE(split_at_random(10, 0, 1).test.empty());
}

TEST(Split, by_class_keeps_the_proportions) {
  std::vector<std::int64_t> label(100);
  for (std::size_t i = 80; i < 100; ++i) label[i] = 1;
  const RowSplit split = split_by_class(label, 0.2, 3);
  expect_partition(split, 100);
  int rare = 0;
  for (const std::size_t row : split.test) rare += label[row] == 1 ? 1 : 0;
  EXPECT_EQ(rare, 4);
  EXPECT_EQ(split.test.size(), 20U);
}

TEST(Split, by_group_never_divides_a_group) {
  std::vector<std::int64_t> group;
  for (std::int64_t i = 0; i < 100; ++i) group.push_back(i / 7);
  const RowSplit split = split_by_group(group, 0.3, 5);
  expect_partition(split, 100);
  EXPECT_GE(split.test.size(), 30U);
  EXPECT_LT(split.test.size(), 37U);
  std::set<std::int64_t> train, test;
  for (const std::size_t row : split.train) train.insert(group[row]);
  for (const std::size_t row : split.test) test.insert(group[row]);
  for (const std::int64_t g : test) EXPECT_EQ(train.count(g), 0U);
}

TEST(Split, by_time_takes_the_latest_and_never_divides_an_instant) {
  const std::vector<double> time{5, 1, 4, 2, 3, 4};
  const RowSplit split = split_by_time(time, 0.5);
  expect_partition(split, 6);
  EXPECT_EQ(split.test, (std::vector<std::size_t>{0, 2, 5}));
  EXPECT_EQ(split_by_time(time, 1.0 / 3).test, (std::vector<std::size_t>{0})) << "the two at time 4 stay together";
}

}  // namespace
}  // namespace nascent::csv
