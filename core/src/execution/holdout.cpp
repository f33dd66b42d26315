#include "holdout.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nascent/rng.hpp>
#include <numeric>
#include <utility>

namespace nascent::core {
namespace {

using Rows = std::vector<std::int64_t>;

Rows all_rows(std::int64_t n) {
  Rows rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

// Fisher and Yates; std::shuffle differs between libraries.
template <class T>
void shuffle(std::vector<T>& items, Rng& rng) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
}

std::size_t share_of(std::size_t n, double share) {
  if (n < 2) return 0;
  const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(n)));
  return std::clamp(wanted, std::size_t{1}, n - 1);
}

// The first `n` rows of `order` are held out.
void deal(Holdout& to, const Rows& order, std::size_t n) {
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(n);
  to.held_out.insert(to.held_out.end(), order.begin(), end);
  to.kept.insert(to.kept.end(), end, order.end());
}

Holdout sorted(Holdout holdout) {
  std::sort(holdout.kept.begin(), holdout.kept.end());
  std::sort(holdout.held_out.begin(), holdout.held_out.end());
  return holdout;
}

std::map<std::int64_t, Rows> rows_by(std::span<const std::int64_t> keys) {
  std::map<std::int64_t, Rows> rows;
  for (std::size_t i = 0; i < keys.size(); ++i) rows[keys[i]].push_back(static_cast<std::int64_t>(i));
  return rows;
}

}  // namespace

Holdout hold_out_stratified(std::span<const std::int64_t> labels, double share, std::uint64_t seed) {
  Rng rng(seed);
  Holdout holdout;
  for (auto& [label, rows] : rows_by(labels)) {
    shuffle(rows, rng);
    deal(holdout, rows, share_of(rows.size(), share));
  }
  return sorted(std::move(holdout));
}

Holdout hold_out_random(std::int64_t rows, double share, std::uint64_t seed) {
  Rng rng(seed);
  Rows order = all_rows(rows);
  shuffle(order, rng);
  Holdout holdout;
  deal(holdout, order, share_of(order.size(), share));
  return sorted(std::move(holdout));
}

Holdout hold_out_groups(std::span<const std::int64_t> groups, double share, std::uint64_t seed) {
  Rng rng(seed);
  const auto by_group = rows_by(groups);
  std::vector<const Rows*> order;
  for (const auto& [group, rows] : by_group) order.push_back(&rows);
  shuffle(order, rng);
  const std::size_t wanted = share_of(groups.size(), share);
  Holdout holdout;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool hold = holdout.held_out.size() < wanted && i + 1 < order.size();
    deal(holdout, *order[i], hold ? order[i]->size() : 0);
  }
  return sorted(std::move(holdout));
}

Holdout hold_out_newest(std::span<const double> times, double share) {
  Rows order = all_rows(static_cast<std::int64_t>(times.size()));
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return times[static_cast<std::size_t>(a)] > times[static_cast<std::size_t>(b)];
  });
  Holdout holdout;
  deal(holdout, order, share_of(order.size(), share));
  return sorted(std::move(holdout));
}

}  // namespace nascent::core
