#include "split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "nascent/rng.hpp"

namespace nascent::csv {
namespace {

std::size_t share_of(std::size_t n, double share) {
  return std::min(n, static_cast<std::size_t>(std::llround(share * static_cast<double>(n))));
}

// Fisher-Yates.
template <class T>
void shuffle(std::vector<T>& items, Rng& rng) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
}

RowSplit from_test_rows(std::size_t n, const std::vector<std::size_t>& test) {
  std::vector<bool> is_test(n);
  for (const std::size_t row : test) is_test[row] = true;
  RowSplit split;
  for (std::size_t row = 0; row < n; ++row) (is_test[row] ? split.test : split.train).push_back(row);
  return split;
}

}  // namespace

RowSplit split_at_random(std::size_t n, double share, std::uint64_t seed) {
  return split_by_class(std::vector<std::int64_t>(n), share, seed);
}

RowSplit split_by_class(const std::vector<std::int64_t>& label, double share, std::uint64_t seed) {
  std::map<std::int64_t, std::vector<std::size_t>> rows_of;
  for (std::size_t row = 0; row < label.size(); ++row) rows_of[label[row]].push_back(row);
  Rng rng(seed);
  std::vector<std::size_t> test;
  for (auto& [value, rows] : rows_of) {
    shuffle(rows, rng);
    test.insert(test.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(share_of(rows.size(), share)));
  }
  return from_test_rows(label.size(), test);
}

RowSplit split_by_group(const std::vector<std::int64_t>& group, double share, std::uint64_t seed) {
  std::map<std::int64_t, std::vector<std::size_t>> rows_of;
  for (std::size_t row = 0; row < group.size(); ++row) rows_of[group[row]].push_back(row);
  std::vector<std::int64_t> order;
  for (const auto& [value, rows] : rows_of) order.push_back(value);
  Rng rng(seed);
  shuffle(order, rng);
  const std::size_t wanted = share_of(group.size(), share);
  std::vector<std::size_t> test;
  for (const std::int64_t value : order) {
    if (test.size() >= wanted) break;
    test.insert(test.end(), rows_of[value].begin(), rows_of[value].end());
  }
  return from_test_rows(group.size(), test);
}

RowSplit split_by_time(const std::vector<double>& time, double share) {
  std::vector<std::size_t> order(time.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return time[a] < time[b]; });
  std::size_t first = time.size() - share_of(time.size(), share);
  while (first > 0 && first < order.size() && time[order[first]] == time[order[first - 1]]) ++first;
  return from_test_rows(time.size(), {order.begin() + static_cast<std::ptrdiff_t>(first), order.end()});
}

}  // namespace nascent::csv
