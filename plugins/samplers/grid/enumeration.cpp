#include "enumeration.hpp"

#include <limits>

#include "nascent/error.hpp"

namespace nascent::grid {
namespace {

constexpr std::size_t kCountsMax = std::size_t{1} << 20;

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

Enumeration::Enumeration(SpaceView space, std::vector<std::vector<double>> values)
    : space_(space), values_(std::move(values)), counts_(space.size() + 1) {
  Point point(space_.size());
  size_ = count(0, point.row());
}

std::vector<bool> Enumeration::pending(std::size_t i, ConstRow row) const {
  std::vector<bool> bits;
  const nas_space& raw = space_.raw();
  for (std::size_t later = i; later < space_.size(); ++later) {
    const nas_param& p = space_.param(later);
    for (std::uint32_t c = p.cond_first; c < p.cond_first + p.cond_count; ++c) {
      const nas_cond& cond = raw.conds[c];
      if (cond.parent < i) bits.push_back(row.active[cond.parent] != 0 && SpaceView::holds(cond, row.x[cond.parent]));
    }
  }
  return bits;
}

std::uint64_t Enumeration::count(std::size_t i, Row row) {
  if (i == space_.size()) return 1;
  std::vector<bool> key = pending(i, row);
  if (const auto known = counts_[i].find(key); known != counts_[i].end()) return known->second;
  row.active[i] = space_.is_active(i, row.x, row.active) ? 1 : 0;
  std::uint64_t total = 0;
  if (row.active[i] == 0) {
    row.x[i] = 0;
    total = count(i + 1, row);
  } else {
    for (const double value : values_[i]) {
      row.active[i] = 1;
      row.x[i] = value;
      total = saturating_add(total, count(i + 1, row));
    }
  }
  if (++n_counts_ > kCountsMax) {
    throw Error(
        NAS_E_INVALID,
        "the conditions of this space are too entangled to enumerate it; use sampler 'random', or fewer conditions");
  }
  counts_[i].emplace(std::move(key), total);
  return total;
}

std::uint64_t Enumeration::known_count(std::size_t i, ConstRow row) const {
  return i == space_.size() ? 1 : counts_[i].at(pending(i, row));
}

void Enumeration::at(std::uint64_t index, Row row) const {
  for (std::size_t i = 0; i < space_.size(); ++i) {
    row.active[i] = space_.is_active(i, row.x, row.active) ? 1 : 0;
    row.x[i] = 0;
    if (row.active[i] == 0) continue;
    for (const double value : values_[i]) {
      row.x[i] = value;
      const std::uint64_t below = known_count(i + 1, row);
      if (index < below) break;
      index -= below;
    }
  }
}

}  // namespace nascent::grid
