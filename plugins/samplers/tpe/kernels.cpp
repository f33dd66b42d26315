#include "kernels.hpp"

#include <algorithm>
#include <numbers>

namespace nascent::tpe {
namespace {

// Mass that a Gaussian has between two points of the scale.
double mass_between(double from, double to, double mean, double sd) {
  const double scale = 1 / (sd * std::numbers::sqrt2);
  return 0.5 * (std::erf((to - mean) * scale) - std::erf((from - mean) * scale));
}

class Numbers : public Kernels {
 public:
  Numbers(std::span<const Coordinate> told, double bandwidth) {
    for (auto* column : {&mean_, &sd_, &scale_, &shift_, &constant_}) column->reserve(told.size());
    for (const Coordinate& c : told) {
      const double sd = std::max(bandwidth, 0.5 * c.width), scale = 1 / (sd * std::numbers::sqrt2);
      mean_.push_back(c.at);
      sd_.push_back(sd);
      scale_.push_back(c.is_active() ? scale : 0);
      shift_.push_back(c.is_active() ? scale * c.at : 0);
      constant_.push_back(c.is_active() ? std::log(scale * std::numbers::inv_sqrtpi / mass_between(0, 1, c.at, sd))
                                        : 0);
    }
  }
  [[nodiscard]] double draw(std::size_t component, Rng& rng) const override {
    const double mean = mean_[component], sd = sd_[component], u = rng.uniform();
    if (std::isnan(mean)) return u;
    const double below = normal_cdf(-mean / sd), above = normal_cdf((1 - mean) / sd);
    return std::clamp(mean + sd * normal_quantile(below + u * (above - below)), 0.0, 1.0);
  }
  void add_log_density(double at, std::span<double> terms) const override {
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const double z = scale_[j] * at - shift_[j];
      terms[j] += constant_[j] - z * z;
    }
  }

 private:
  std::vector<double> mean_, sd_;                 // [components]
  std::vector<double> scale_, shift_, constant_;  // [components]: log density at x is constant - (scale x - shift)^2
};

class Levels : public Kernels {
 public:
  Levels(const Axis& axis, std::span<const Coordinate> told, double bandwidth) : n_(axis.levels()) {
    for (const Coordinate& c : told) row_.push_back(c.is_active() ? static_cast<std::size_t>(c.at) : n_);
    for (std::size_t k = 0; k < n_; ++k) {
      const samplers::Quantiles q = axis.quantiles(k);
      add_row(axis, q.middle(), std::max(bandwidth, 0.5 * q.mass()));
    }
    for (std::size_t k = 0; k < n_; ++k) mass_.push_back(axis.quantiles(k).mass());
    log_mass_.resize(mass_.size());
    for (std::size_t row = 0; row <= n_; ++row) {
      for (std::size_t k = 0; k < n_; ++k) log_mass_[k * (n_ + 1) + row] = std::log(mass_[row * n_ + k]);
    }
  }
  [[nodiscard]] double draw(std::size_t component, Rng& rng) const override {
    const std::span<const double> masses(mass_.data() + row_[component] * n_, n_);
    double left = rng.uniform();
    std::size_t last = 0;
    for (std::size_t k = 0; k < n_; ++k) {
      if (masses[k] <= 0) continue;
      last = k;
      if (left < masses[k]) break;
      left -= masses[k];
    }
    return static_cast<double>(last);
  }
  void add_log_density(double at, std::span<double> terms) const override {
    const double* const of_level = log_mass_.data() + static_cast<std::size_t>(at) * (n_ + 1);
    for (std::size_t j = 0; j < terms.size(); ++j) terms[j] += of_level[row_[j]];
  }

 private:
  void add_row(const Axis& axis, double mean, double sd) {
    const double total = mass_between(0, 1, mean, sd);
    for (std::size_t k = 0; k < n_; ++k) {
      const samplers::Quantiles q = axis.quantiles(k);
      mass_.push_back(mass_between(q.from, q.to, mean, sd) / total);
    }
  }

  std::size_t n_;
  std::vector<std::size_t> row_;  // [components]: the told level, or n for the prior
  std::vector<double> mass_;      // [n + 1][n]: by row, of each level
  std::vector<double> log_mass_;  // [n][n + 1]: by level, of each row
};

class Choices : public Kernels {
 public:
  Choices(const Axis& axis, std::span<const Coordinate> told, double b) : axis_(axis), b_(b) {
    for (const Coordinate& c : told) told_.push_back(c.at);
  }
  [[nodiscard]] double draw(std::size_t component, Rng& rng) const override {
    const double told = told_[component];
    const bool stays = rng.uniform() >= b_ && !std::isnan(told);
    return stays ? told : axis_.draw_prior(rng);
  }
  void add_log_density(double at, std::span<double> terms) const override {
    const double prior = axis_.quantiles(static_cast<std::size_t>(at)).mass();
    const double same = std::log(1 - b_ + b_ * prior), other = std::log(b_ * prior), unknown = std::log(prior);
    for (std::size_t j = 0; j < terms.size(); ++j)
      terms[j] += told_[j] == at ? same : std::isnan(told_[j]) ? unknown : other;
  }

 private:
  Axis axis_;
  double b_;
  std::vector<double> told_;  // [components], NaN for the prior
};

}  // namespace

std::unique_ptr<Kernels> make_kernels(const Axis& axis, std::span<const Coordinate> told, double bandwidth) {
  switch (axis.form()) {
    case Form::number:
      return std::make_unique<Numbers>(told, bandwidth);
    case Form::levels:
      return std::make_unique<Levels>(axis, told, bandwidth);
    default:
      return std::make_unique<Choices>(axis, told, bandwidth);
  }
}

}  // namespace nascent::tpe
