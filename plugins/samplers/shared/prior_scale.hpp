// Parameters on the scale on which their prior is uniform: the unit interval.
#pragma once

#include <cstdint>
#include <vector>

#include "nascent/space_view.hpp"

namespace nascent::samplers {

// Where a value stands in its prior: the quantiles [from, to) that lead to it. Equal ends for a value of a continuum.
struct Quantiles {
  double from = 0, to = 0;
  [[nodiscard]] double mass() const { return to - from; }
  [[nodiscard]] double middle() const { return 0.5 * (from + to); }
};

// The prior's quantile function and its inverse, tabled where a parameter has few levels or weighted choices, so that a
// look-up costs O(log levels). A density with respect to this scale is a density relative to the prior: on it every
// prior is uniform, and prior ratios are 1.
class PriorScale {
 public:
  // Parameters with at most this many levels are tabled.
  static constexpr std::uint64_t kTabledLevelsMax = 1024;

  explicit PriorScale(SpaceView space);

  [[nodiscard]] std::size_t size() const { return edges_.size(); }
  [[nodiscard]] SpaceView space() const { return space_; }
  // Is there more than one value of positive prior?
  [[nodiscard]] bool is_free(std::size_t i) const { return free_[i] != 0; }
  // [levels + 1] ascending quantiles between the levels, or empty where parameter i is not tabled.
  [[nodiscard]] const std::vector<double>& edges(std::size_t i) const { return edges_[i]; }
  [[nodiscard]] Quantiles quantiles(std::size_t i, double value) const;
  // u in [0, 1].
  [[nodiscard]] double value(std::size_t i, double u) const;

 private:
  SpaceView space_;
  std::vector<std::vector<double>> edges_;
  std::vector<std::uint8_t> free_;
};

}  // namespace nascent::samplers
