#include "axis.hpp"

namespace nascent::tpe {
namespace {

// Levels of a parameter that is no continuum, 0 else. A range of one point is one level.
std::size_t count_levels(ParamView param) {
  return !param.is_choice() && !(param.raw().hi > param.raw().lo) ? 1 : param.levels();
}

Form form_of(ParamView param, std::size_t levels) {
  if (param.is_categorical() || levels == 1) return Form::choice;
  return levels == 0 || levels > kLevelsMax ? Form::number : Form::levels;
}

}  // namespace

Axis::Axis(const samplers::PriorScale& scale, std::size_t parameter)
    : scale_(&scale), parameter_(parameter), levels_(count_levels(param())), form_(form_of(param(), levels_)) {
  for (std::size_t k = 0; form_ == Form::levels && k < levels_; ++k) middles_[k] = quantiles(k).middle();
}

Coordinate Axis::coordinate(double value) const {
  if (levels_ == 1) return {0, 0};
  if (form_ != Form::number) return {static_cast<double>(param().level_of(value)), 0};
  const samplers::Quantiles quantiles = scale_->quantiles(parameter_, value);
  return {quantiles.middle(), quantiles.mass()};
}

double Axis::value(double at) const {
  if (levels_ == 1) return param().raw().lo;
  return form_ == Form::number ? scale_->value(parameter_, at) : param().level(static_cast<std::uint64_t>(at));
}

double Axis::draw_prior(Rng& rng) const {
  const double u = rng.uniform();
  if (levels_ == 1) return 0;
  return form_ == Form::number ? u : static_cast<double>(param().level_of(scale_->value(parameter_, u)));
}

samplers::Quantiles Axis::quantiles(std::size_t level) const {
  return levels_ == 1 ? samplers::Quantiles{0, 1} : scale_->quantiles(parameter_, param().level(level));
}

}  // namespace nascent::tpe
