// Comparing outcomes with several objectives and constraints: dominance, ranks, crowding distance, hypervolume.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "nascent/error.hpp"
#include "nascent/namespace.hpp"

NASCENT_SDK_BEGIN
namespace pareto {

// n outcomes, as a view: values [n][n_objectives] row-major, finite, minimised; violations [n] >= 0 (0 = feasible,
// infinity allowed), or empty where nothing is constrained.
struct Outcomes {
  std::span<const double> values;
  std::size_t n_objectives = 1;
  std::span<const double> violations = {};

  [[nodiscard]] std::size_t size() const { return values.size() / n_objectives; }
  [[nodiscard]] std::span<const double> operator[](std::size_t i) const {
    return values.subspan(i * n_objectives, n_objectives);
  }
  [[nodiscard]] double violation(std::size_t i) const { return violations.empty() ? 0 : violations[i]; }
};

// How far constraints (satisfied when <= 0) are from being met: the sum of the positive ones; NaN counts as infinity.
inline double total_violation(std::span<const double> constraints) {
  double sum = 0;
  for (const double c : constraints) sum += std::isnan(c) ? std::numeric_limits<double>::infinity() : std::max(c, 0.0);
  return sum;
}

// a is nowhere worse than b and somewhere better. Both [n_objectives].
inline bool dominates(std::span<const double> a, std::span<const double> b) {
  bool better = false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
    better = better || a[k] < b[k];
  }
  return better;
}

// Constrained domination: the smaller violation wins; between equal ones the values decide.
// Source: Deb, Pratap, Agarwal, Meyarivan, "NSGA-II" (IEEE TEC 6(2), 2002), definition 1.
inline bool dominates(const Outcomes& all, std::size_t a, std::size_t b) {
  if (all.violation(a) != all.violation(b)) return all.violation(a) < all.violation(b);
  return dominates(all[a], all[b]);
}

namespace detail {

// Throws Error(NAS_E_INVALID) unless sizes agree, values are finite and violations no less than 0.
inline void check_outcomes(const Outcomes& all) {
  const auto refuse = [](const std::string& what) { throw Error(NAS_E_INVALID, what); };
  if (all.n_objectives == 0) refuse("outcomes without an objective cannot be compared");
  if (all.values.size() % all.n_objectives != 0 || (!all.violations.empty() && all.violations.size() != all.size())) {
    refuse("values and violations are of different lengths; give one row of values and one violation per outcome");
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const double v : all[i]) {
      if (!std::isfinite(v))
        refuse("value " + std::to_string(v) + " of outcome " + std::to_string(i) + " is not finite; leave it out");
    }
    if (!(all.violation(i) >= 0))
      refuse("violation " + std::to_string(all.violation(i)) + " of outcome " + std::to_string(i) + " is not >= 0");
  }
}

// Ranks of outcomes of one violation, given in lexicographic order of their values. Writes `rank`, returns the number
// of fronts. Equal outcomes share a rank. One or two objectives: a front dominates what comes later iff its last, and
// lowest, second value does; O(n log n).
inline std::size_t rank_plane(const Outcomes& all, std::span<const std::size_t> sorted,
                              std::vector<std::size_t>& rank) {
  std::vector<double> lowest;  // second value of each front's last member, ascending over fronts
  for (std::size_t s = 0; s < sorted.size(); ++s) {
    const auto row = all[sorted[s]];
    if (s > 0 && std::equal(row.begin(), row.end(), all[sorted[s - 1]].begin())) {
      rank[sorted[s]] = rank[sorted[s - 1]];
      continue;
    }
    const double second = row.size() > 1 ? row[1] : 0;
    const auto front = std::upper_bound(lowest.begin(), lowest.end(), second);
    rank[sorted[s]] = static_cast<std::size_t>(front - lowest.begin());
    if (front == lowest.end()) {
      lowest.push_back(second);
    } else {
      *front = second;
    }
  }
  return lowest.size();
}

// Any number of objectives: binary search for the first front with no member that dominates. O(m n^2) at worst.
// Source: Zhang, Tian, Cheng, Jin, "An Efficient Approach to Nondominated Sorting" (IEEE TEC 19(2), 2015), ENS-BS.
inline std::size_t rank_general(const Outcomes& all, std::span<const std::size_t> sorted,
                                std::vector<std::size_t>& rank) {
  std::vector<std::vector<std::size_t>> fronts;
  for (const std::size_t i : sorted) {
    const auto front = std::partition_point(fronts.begin(), fronts.end(), [&](const std::vector<std::size_t>& members) {
      return std::any_of(members.rbegin(), members.rend(), [&](std::size_t j) { return dominates(all[j], all[i]); });
    });
    rank[i] = static_cast<std::size_t>(front - fronts.begin());
    if (front == fronts.end()) {
      fronts.push_back({i});
    } else {
      front->push_back(i);
    }
  }
  return fronts.size();
}

}  // namespace detail

// Rank of every outcome under constrained domination: 0 = not dominated, r = not dominated once ranks < r are taken
// away. [n]. Cost: O(n log n) for one or two objectives, at worst O(n_objectives n^2) beyond. Throws
// Error(NAS_E_INVALID) on values that are not finite.
inline std::vector<std::size_t> ranks(const Outcomes& all) {
  detail::check_outcomes(all);
  std::vector<std::size_t> order(all.size()), rank(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (all.violation(a) != all.violation(b)) return all.violation(a) < all.violation(b);
    const auto one = all[a], other = all[b];
    return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end());
  });
  // Every outcome of a smaller violation dominates, so each violation's fronts follow those of the one before.
  std::size_t fronts = 0;
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && all.violation(order[to]) == all.violation(order[from])) ++to;
    const auto group = std::span<const std::size_t>(order).subspan(from, to - from);
    const std::size_t more =
        all.n_objectives <= 2 ? detail::rank_plane(all, group, rank) : detail::rank_general(all, group, rank);
    for (const std::size_t i : group) rank[i] += fronts;
    fronts += more;
  }
  return rank;
}

// Crowding distance of every outcome among those of its rank: the sum over the objectives of the gap between its two
// neighbours, as a share of the rank's range; infinite at either end. An objective without a range adds nothing. [n].
// Source: Deb et al. 2002, section III-B.
inline std::vector<double> crowding_distances(const Outcomes& all, std::span<const std::size_t> rank) {
  std::vector<double> distance(all.size(), 0.0);
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = 0; k < all.n_objectives; ++k) {
    const auto value = [&](std::size_t at) { return all[order[at]][k]; };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return rank[a] != rank[b] ? rank[a] < rank[b] : all[a][k] < all[b][k];
    });
    for (std::size_t from = 0, to = 1; from < order.size(); from = to++) {
      while (to < order.size() && rank[order[to]] == rank[order[from]]) ++to;
      const double range = value(to - 1) - value(from);
      if (!(range > 0)) continue;
      distance[order[from]] = distance[order[to - 1]] = std::numeric_limits<double>::infinity();
      for (std::size_t at = from + 1; at + 1 < to; ++at) distance[order[at]] += (value(at + 1) - value(at - 1)) / range;
    }
  }
  return distance;
}

namespace detail {

using Points = std::vector<std::vector<double>>;

// The feasible outcomes that are better than `reference` in every objective, with their places.
struct Inside {
  Points points;
  std::vector<std::size_t> at;
};
inline Inside inside(const Outcomes& all, std::span<const double> reference) {
  check_outcomes(all);
  if (reference.size() != all.n_objectives) {
    throw Error(NAS_E_INVALID, "the reference point has " + std::to_string(reference.size()) + " values; there are " +
                                   std::to_string(all.n_objectives) + " objectives");
  }
  Inside found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto row = all[i];
    if (all.violation(i) > 0 || !std::equal(row.begin(), row.end(), reference.begin(), std::less<>{})) continue;
    found.points.emplace_back(row.begin(), row.end());
    found.at.push_back(i);
  }
  return found;
}

// Leaves one each of those that nobody dominates, in lexicographic order. Then a dominator comes before whom it
// dominates, and with two objectives the last of the front is one if any is.
inline void keep_front(Points& points) {
  std::sort(points.begin(), points.end());
  Points front;
  for (std::vector<double>& p : points) {
    const auto covers = [&p](const std::vector<double>& q) { return q == p || dominates(q, p); };
    const auto known = std::span(front).last(p.size() <= 2 ? std::min<std::size_t>(front.size(), 1) : front.size());
    if (std::none_of(known.rbegin(), known.rend(), covers)) front.push_back(std::move(p));
  }
  points = std::move(front);
}

inline double box(std::span<const double> corner, std::span<const double> reference) {
  double volume = 1;
  for (std::size_t k = 0; k < reference.size(); ++k) volume *= reference[k] - corner[k];
  return volume;
}

// `points` from `from` on, moved to where `corner` is worse: the part of `corner`'s box that they cover too. In the
// first `n_objectives` coordinates.
inline Points limited(const Points& points, std::size_t from, std::span<const double> corner,
                      std::size_t n_objectives) {
  Points moved;
  for (std::size_t j = from; j < points.size(); ++j) {
    moved.emplace_back(n_objectives);
    for (std::size_t k = 0; k < n_objectives; ++k) moved.back()[k] = std::max(corner[k], points[j][k]);
  }
  return moved;
}

// Volume between points and a reference that is worse everywhere. Two objectives: a sweep, O(n log n). More: WFG by
// slices. Points in order of falling last value each add the slab that no later one covers; the later ones, moved,
// share its last value, so that the slab's base has one dimension less. Source: While, Bradstreet, Barone, "A Fast Way
// of Calculating Exact Hypervolumes" (IEEE TEC 16(1), 2012).
inline double volume(Points points, std::span<const double> reference) {
  keep_front(points);
  if (points.empty()) return 0;
  const std::size_t last = reference.size() - 1;
  if (last == 0) return reference[0] - points.front()[0];
  double sum = 0;
  if (last == 1) {
    double above = reference[1];
    for (const auto& p : points) {
      sum += (reference[0] - p[0]) * (above - p[1]);
      above = p[1];
    }
    return sum;
  }
  std::stable_sort(points.begin(), points.end(), [last](const auto& a, const auto& b) { return a[last] > b[last]; });
  const auto base = reference.first(last);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double uncovered = box(points[i], base) - volume(limited(points, i + 1, points[i], last), base);
    sum += (reference[last] - points[i][last]) * uncovered;
  }
  return sum;
}

}  // namespace detail

// Volume of the region that feasible outcomes dominate and `reference` [n_objectives] does not. Outcomes that are not
// better than the reference in every objective add nothing. Exact; O(n log n) for two objectives, O(n^2 log n) for
// three, exponential in their number beyond. Throws Error(NAS_E_INVALID) on values that are not finite.
inline double hypervolume(const Outcomes& all, std::span<const double> reference) {
  return detail::volume(detail::inside(all, reference).points, reference);
}

// By how much the hypervolume falls when an outcome is taken out of the front. [n]; 0 for outcomes that are infeasible,
// dominated, repeated or not better than the reference everywhere. O(n log n) for two objectives, n volumes beyond.
inline std::vector<double> exclusive_hypervolumes(const Outcomes& all, std::span<const double> reference) {
  const detail::Inside found = detail::inside(all, reference);
  detail::Points sorted = found.points, front = found.points;
  std::sort(sorted.begin(), sorted.end());
  detail::keep_front(front);
  std::vector<double> exclusive(all.size(), 0.0);
  for (std::size_t i = 0; i < found.at.size(); ++i) {
    const std::vector<double>& point = found.points[i];
    const auto place = std::lower_bound(front.begin(), front.end(), point);
    const auto [equal, above_equal] = std::equal_range(sorted.begin(), sorted.end(), point);
    if (place == front.end() || *place != point || above_equal - equal > 1) continue;
    if (all.n_objectives == 2) {  // only the neighbours bound the box
      const double right = place + 1 == front.end() ? reference[0] : (*(place + 1))[0];
      const double above = place == front.begin() ? reference[1] : (*(place - 1))[1];
      exclusive[found.at[i]] = (right - point[0]) * (above - point[1]);
    } else {
      detail::Points others = front;
      others.erase(others.begin() + (place - front.begin()));
      others = detail::limited(others, 0, point, all.n_objectives);
      exclusive[found.at[i]] = detail::box(point, reference) - detail::volume(std::move(others), reference);
    }
  }
  return exclusive;
}

}  // namespace pareto
NASCENT_SDK_END
