#include "parts.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "nascent/rng.hpp"

namespace nascent::libtorch {
namespace {

constexpr std::uint64_t kSeedOfParts = 1;

}  // namespace

Parts::Parts(std::int64_t rows, double first, double last, std::int64_t passes) : rows_(rows), passes_(passes) {
  for (double share = first; share < last * (1 - 1e-9); share *= 2) shares_.push_back(share);
  shares_.push_back(last);
}

std::int64_t Parts::epochs() const { return static_cast<std::int64_t>(shares_.size()) * passes_; }

std::size_t Parts::part(std::int64_t epoch) const { return static_cast<std::size_t>(std::min(epoch, epochs() - 1) / passes_); }

std::int64_t Parts::rows(std::int64_t epoch) const {
  return std::clamp<std::int64_t>(std::llround(share(epoch) * static_cast<double>(rows_)), std::min<std::int64_t>(rows_, 2), rows_);
}

std::int64_t Parts::rows_before(std::int64_t epoch) const {
  std::int64_t sum = 0;
  for (std::int64_t e = 0; e < epoch; e += passes_) sum += std::min(passes_, epoch - e) * rows(e);
  return sum;
}

std::vector<std::int64_t> order_of_parts(std::int64_t rows, std::span<const std::int64_t> classes) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  nascent::Rng rng(kSeedOfParts);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  if (classes.empty()) return order;

  // The k-th of a class's n rows belongs at k / n of the way.
  struct Tally {
    double rows = 0, met = 0;
  };
  std::map<std::int64_t, Tally> tallies;
  for (const std::int64_t c : classes) ++tallies[c].rows;
  std::vector<double> place(order.size());
  for (const std::int64_t row : order) {
    Tally& tally = tallies[classes[static_cast<std::size_t>(row)]];
    place[static_cast<std::size_t>(row)] = tally.met++ / tally.rows;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return place[static_cast<std::size_t>(a)] < place[static_cast<std::size_t>(b)];
  });
  return order;
}

}  // namespace nascent::libtorch
