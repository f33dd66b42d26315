// Configurations as points of a real space, each prior with mean 0 and standard deviation 1.
#pragma once

#include <vector>

#include "distribution.hpp"
#include "margin.hpp"
#include "shared/prior_scale.hpp"

namespace nascent::cmaes {

// One coordinate per parameter that has several values. A number stands on its scale, logarithmic where declared: 0 is
// the mean of its prior, 1 the standard deviation. A choice owns an interval as long as its prior probability, in the
// order declared. Beyond the ends of the range lies the last value.
class Coordinates {
 public:
  explicit Coordinates(SpaceView space);

  [[nodiscard]] Eigen::Index size() const { return static_cast<Eigen::Index>(axes_.size()); }
  [[nodiscard]] bool is_discrete(Eigen::Index i) const { return scale_.space()[axis(i).parameter].levels() > 0; }
  // Of the value that coordinate i has at z.
  [[nodiscard]] Cell cell_at(Eigen::Index i, double z) const { return cell_of(axis(i), value(axis(i), z)); }
  // Fills the configuration at a point [size()].
  void decode(const Vector& point, Row row) const;
  // Of the points that lead to a configuration, the nearest to `near`; but a number at an end of a continuous range is
  // placed on it, never beyond. Coordinates of inactive parameters stay where they are in `near`.
  [[nodiscard]] Vector encode(ConstRow row, const Vector& near) const;

 private:
  // Position on the scale, or prior quantile of a choice = center + spread * coordinate.
  struct Axis {
    std::size_t parameter;
    double center, spread;
  };
  [[nodiscard]] const Axis& axis(Eigen::Index i) const { return axes_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] double value(const Axis& axis, double z) const;
  [[nodiscard]] Cell cell_of(const Axis& axis, double value) const;

  samplers::PriorScale scale_;
  std::vector<Axis> axes_;
};

}  // namespace nascent::cmaes
