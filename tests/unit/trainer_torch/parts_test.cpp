#include "parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace {

using nascent::libtorch::order_of_parts;
using nascent::libtorch::Parts;
using testing::ElementsAre;

TEST(Parts, double_up_to_the_budget) {
  const Parts parts(1600, 0.0625, 1, 2);
  ASSERT_EQ(parts.epochs(), 10);
  std::vector<double> shares;
  std::vector<std::int64_t> rows, before;
  for (std::int64_t epoch = 0; epoch < parts.epochs(); ++epoch) {
    EXPECT_EQ(parts.ends_part(epoch), epoch % 2 == 1);
    before.push_back(parts.rows_before(epoch));
    if (epoch % 2 == 1) continue;
    shares.push_back(parts.share(epoch));
    rows.push_back(parts.rows(epoch));
  }
  EXPECT_THAT(shares, ElementsAre(0.0625, 0.125, 0.25, 0.5, 1));
  EXPECT_THAT(rows, ElementsAre(100, 200, 400, 800, 1600));
  EXPECT_THAT(before, ElementsAre(0, 100, 200, 400, 600, 1000, 1400, 2200, 3000, 4600));
  EXPECT_EQ(parts.rows_before(10), 6200);
  EXPECT_EQ(parts.rows(10), 1600) << "beyond the end";
}

TEST(Parts, end_with_the_budget_wherever_it_lies) {
  const auto shares = [](double first, double last) {
    std::vector<double> all;
    const Parts parts(1000, first, last, 1);
    for (std::int64_t epoch = 0; epoch < parts.epochs(); ++epoch) all.push_back(parts.share(epoch));
    return all;
  };
  EXPECT_THAT(shares(0.25, 0.6), ElementsAre(0.25, 0.5, 0.6));
  EXPECT_THAT(shares(0.5, 0.25), ElementsAre(0.25));
  EXPECT_THAT(shares(1, 1), ElementsAre(1));
}

TEST(Parts, have_two_rows_at_least_where_there_are_two) {
  EXPECT_EQ(Parts(10, 0.0625, 1, 1).rows(0), 2);
  EXPECT_EQ(Parts(1, 0.0625, 1, 1).rows(0), 1);
}

// Three classes of 6, 30 and 300 rows.
std::vector<std::int64_t> uneven_classes() {
  std::vector<std::int64_t> classes;
  for (std::int64_t i = 0; i < 336; ++i) classes.push_back(i % 56 == 0 ? 0 : i % 56 % 11 == 1 ? 1 : 2);
  return classes;
}

TEST(OrderOfParts, holds_every_row_once) {
  for (const std::vector<std::int64_t>& classes : {std::vector<std::int64_t>{}, uneven_classes()}) {
    std::vector<std::int64_t> order = order_of_parts(336, classes);
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < 336; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

TEST(OrderOfParts, every_beginning_holds_the_classes_in_their_proportions) {
  const std::vector<std::int64_t> classes = uneven_classes(), order = order_of_parts(336, classes);
  std::map<std::int64_t, double> rows, seen;
  std::set<std::int64_t> met;
  for (const std::int64_t c : classes) ++rows[c];
  for (std::size_t n = 1; n <= order.size(); ++n) {
    const std::int64_t next = classes[static_cast<std::size_t>(order[n - 1])];
    ++seen[next];
    met.insert(next);
    EXPECT_EQ(met.size(), std::min<std::size_t>(n, 3)) << "of " << n << " rows";
    for (const auto& [c, count] : rows) {
      const double expected = count * static_cast<double>(n) / 336;
      ASSERT_LE(std::abs(seen[c] - expected), 3) << "class " << c << " among " << n << " rows";
    }
  }
}

TEST(OrderOfParts, depends_on_nothing_but_rows_and_classes) {
  EXPECT_EQ(order_of_parts(336, uneven_classes()), order_of_parts(336, uneven_classes()));
  // Recorded: studies of other machines and releases are to go through the same parts.
  EXPECT_THAT(order_of_parts(8, {}), ElementsAre(1, 0, 6, 2, 3, 5, 4, 7));
}

}  // namespace
