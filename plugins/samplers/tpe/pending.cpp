#include "pending.hpp"

#include <cstring>
#include <utility>

namespace nascent::tpe {
namespace {

template <class T>
bool same_bits(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

// The columns of a list of observations.
std::span<const std::uint64_t> ids_of(Observations list) { return {list.raw()->trial_id, list.size()}; }
ConstRow rows_of(Observations list) {
  const std::size_t values = list.size() * list.raw()->at->n_params;
  return {{list.raw()->at->x, values}, {list.raw()->at->active, values}};
}

}  // namespace

bool Pending::is_same(Observations now) const {
  if (now.size() == 0) return trials_.empty();
  const ConstRow rows = rows_of(now);
  return same_bits(ids_of(now), std::span(ids_)) && same_bits(rows.x, std::span(x_)) && same_bits(rows.active, std::span(active_));
}

bool Pending::update(Observations now, const std::function<Coordinates(ConstRow)>& coordinates) {
  if (is_same(now)) return false;
  fresh_.clear();
  fresh_.reserve(now.size());
  auto old = trials_.begin();
  const auto forget_old = [&] { known_.remove((old++)->point.row()); };
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::uint64_t id = now[i].trial_id();
    const ConstRow row = now[i].at();
    while (old != trials_.end() && old->id < id) forget_old();
    const bool is_old = old != trials_.end() && old->id == id && same_bits(row.x, std::span<const double>(old->point.x)) &&
                        same_bits(row.active, std::span<const std::uint8_t>(old->point.active));
    if (is_old) {
      fresh_.push_back(std::move(*old++));
    } else {
      known_.add(row);
      fresh_.push_back({id, Point(row), coordinates(row)});
    }
  }
  while (old != trials_.end()) forget_old();
  std::swap(trials_, fresh_);
  ids_.clear();
  x_.clear();
  active_.clear();
  if (now.size() == 0) return true;
  const ConstRow rows = rows_of(now);
  ids_.assign(ids_of(now).begin(), ids_of(now).end());
  x_.assign(rows.x.begin(), rows.x.end());
  active_.assign(rows.active.begin(), rows.active.end());
  return true;
}

}  // namespace nascent::tpe
