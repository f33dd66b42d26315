#include "coordinates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nascent::cmaes {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Half of the interval that counts as one value of a continuum: what a value loses on its way through a logarithm.
constexpr double kRounding = 1e-13;

double uniform_deviation(double length) { return length / std::sqrt(12.0); }

}  // namespace

Coordinates::Coordinates(SpaceView space) : scale_(space) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (!scale_.is_free(i)) continue;
    const ParamView param = space[i];
    if (param.is_choice()) {
      axes_.push_back({i, 0.5, uniform_deviation(1)});
      continue;
    }
    const double from = param.scaled(param.raw().lo), to = param.scaled(param.raw().hi);
    const bool normal = param.raw().prior == NAS_PRIOR_NORMAL;
    axes_.push_back({i, normal ? std::clamp(param.raw().prior_a, from, to) : (from + to) / 2,
                     std::min(normal ? param.raw().prior_b : kInfinity, uniform_deviation(to - from))});
  }
}

double Coordinates::value(const Axis& axis, double z) const {
  const ParamView param = scale_.space()[axis.parameter];
  const double at = axis.center + axis.spread * z;
  if (param.is_choice()) return scale_.value(axis.parameter, std::clamp(at, 0.0, 1.0));
  return param.clamp(param.is_log() ? std::exp(at) : at);
}

Cell Coordinates::cell_of(const Axis& axis, double value) const {
  const ParamView param = scale_.space()[axis.parameter];
  const auto coordinate = [&axis](double at) { return (at - axis.center) / axis.spread; };
  if (param.is_choice()) {
    const samplers::Quantiles at = scale_.quantiles(axis.parameter, value);
    return {at.from > 0 ? coordinate(at.from) : -kInfinity, at.to < 1 ? coordinate(at.to) : kInfinity};
  }
  if (param.levels() == 0)
    return {coordinate(param.scaled(value)) - kRounding, coordinate(param.scaled(value)) + kRounding};
  const std::uint64_t k = param.level_of(value);
  const auto between = [&](std::uint64_t level) {
    return coordinate(param.scaled((param.level(level) + param.level(level + 1)) / 2));
  };
  return {k > 0 ? between(k - 1) : -kInfinity, k + 1 < param.levels() ? between(k) : kInfinity};
}

void Coordinates::decode(const Vector& point, Row row) const {
  const SpaceView space = scale_.space();
  auto axis = axes_.begin();
  for (std::size_t i = 0; i < space.size(); ++i) {
    const bool free = axis != axes_.end() && axis->parameter == i;
    row.active[i] = space.is_active(i, row.x, row.active) ? 1 : 0;
    row.x[i] = row.active[i] == 0 ? 0 : free ? value(*axis, point[axis - axes_.begin()]) : scale_.value(i, 0.5);
    if (free) ++axis;
  }
}

Vector Coordinates::encode(ConstRow row, const Vector& near) const {
  Vector point = near;
  for (Eigen::Index i = 0; i < size(); ++i) {
    if (row.active[axis(i).parameter] == 0) continue;
    const Cell cell = cell_of(axis(i), row.x[axis(i).parameter]);
    point[i] = std::min(std::max(near[i], cell.from), cell.to);
  }
  return point;
}

}  // namespace nascent::cmaes
