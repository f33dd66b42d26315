// One parameter as the density estimates see it: a coordinate on the scale on which the prior is uniform.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "shared/prior_scale.hpp"

namespace nascent::tpe {

// What a coordinate is.
//   number   quantile of the prior, in [0, 1]: continuous parameters, and discrete ones of many levels, where it is the
//            middle of the level's share of the prior.
//   levels   index of one of at most kLevelsMax ordered values.
//   choice   index of a categorical choice; 0 for a parameter that has one value only.
enum class Form : std::uint8_t { number, levels, choice };
constexpr std::uint64_t kLevelsMax = 16;

// Where a configuration stands in one parameter.
struct Coordinate {
  double at = std::numeric_limits<double>::quiet_NaN();  // NaN where the parameter is inactive
  double width = 0;  // form number: the level's share of the prior; 0 on a continuum

  [[nodiscard]] bool is_active() const { return !std::isnan(at); }
};

// [n_params] of one configuration.
using Coordinates = std::vector<Coordinate>;

// A view: the scale outlives it.
class Axis {
 public:
  Axis(const samplers::PriorScale& scale, std::size_t parameter);

  [[nodiscard]] Form form() const { return form_; }
  // Forms levels and choice: the number of values.
  [[nodiscard]] std::size_t levels() const { return levels_; }
  [[nodiscard]] Coordinate coordinate(double value) const;
  [[nodiscard]] double value(double at) const;
  // Drawn from the prior; what Coordinate::at may be.
  [[nodiscard]] double draw_prior(Rng& rng) const;
  // Forms number and levels: where a coordinate stands on [0, 1].
  [[nodiscard]] double position(double at) const {
    return form_ == Form::number ? at : middles_[static_cast<std::size_t>(at)];
  }
  // Forms levels and choice: the quantiles of a level.
  [[nodiscard]] samplers::Quantiles quantiles(std::size_t level) const;

 private:
  [[nodiscard]] ParamView param() const { return scale_->space()[parameter_]; }

  const samplers::PriorScale* scale_;
  std::size_t parameter_, levels_;
  Form form_;
  std::array<double, kLevelsMax> middles_{};  // form levels: the middle of each one's quantiles
};

}  // namespace nascent::tpe
