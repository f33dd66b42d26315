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

// Log density of a Gaussian cut to [0, 1] at its mean.
double log_peak(double mean, double sd) {
  return std::log(std::numbers::inv_sqrtpi / (sd * std::numbers::sqrt2 * mass_between(0, 1, mean, sd)));
}

// The same for many means and one standard deviation: exact at nodes a sixteenth of it apart, between them by cubic
// Hermite interpolation, off by less than 1e-7.
class LogPeaks {
 public:
  // `means`: how many will be asked for. Fewer than the nodes are computed one by one.
  LogPeaks(double sd, std::size_t means) : sd_(sd) {
    const double intervals = std::ceil(16 / sd);
    if (2 * intervals > static_cast<double>(means)) return;
    intervals_ = intervals;
    for (double i = 0; i <= intervals; ++i) {
      const double mean = i / intervals, peak = log_peak(mean, sd);
      const auto density = [&](double at) { return std::exp(peak - 0.5 * ((at - mean) / sd) * ((at - mean) / sd)); };
      nodes_.push_back({peak, (density(1) - density(0)) / intervals});
    }
  }
  // mean in [0, 1].
  [[nodiscard]] double operator()(double mean) const {
    if (nodes_.empty()) return log_peak(mean, sd_);
    const double at = mean * intervals_;
    const std::size_t i = std::min(static_cast<std::size_t>(at), nodes_.size() - 2);
    const Node &from = nodes_[i], &to = nodes_[i + 1];
    const double t = at - static_cast<double>(i), u = 1 - t;
    return u * u * ((1 + 2 * t) * from.value + t * from.slope) + t * t * ((1 + 2 * u) * to.value - u * to.slope);
  }

 private:
  struct Node {
    double value, slope;  // slope: per interval
  };
  double sd_, intervals_ = 0;
  std::vector<Node> nodes_;  // [intervals + 1] or empty
};

class Numbers : public Kernels {
 public:
  void place(std::span<const Coordinate> told, double bandwidth) override {
    for (auto* column : {&mean_, &sd_, &scale_, &shift_, &constant_}) column->resize(told.size());
    const LogPeaks peaks(bandwidth, told.size());
    const auto scale = [](double sd) { return 1 / (sd * std::numbers::sqrt2); };
    const double common = scale(bandwidth);
    for (std::size_t j = 0; j < told.size(); ++j) {
      const Coordinate& c = told[j];
      mean_[j] = c.at;
      sd_[j] = std::max(bandwidth, 0.5 * c.width);
      scale_[j] = shift_[j] = constant_[j] = 0;
      if (!c.is_active()) continue;
      scale_[j] = sd_[j] > bandwidth ? scale(sd_[j]) : common;
      shift_[j] = scale_[j] * c.at;
      constant_[j] = sd_[j] > bandwidth ? log_peak(c.at, sd_[j]) : peaks(c.at);
    }
  }
  [[nodiscard]] double draw(std::size_t component, Rng& rng) const override {
    const double mean = mean_[component], sd = sd_[component], u = rng.uniform();
    if (std::isnan(mean)) return u;
    const double below = normal_cdf(-mean / sd), above = normal_cdf((1 - mean) / sd);
    return std::clamp(mean + sd * normal_quantile(below + u * (above - below)), 0.0, 1.0);
  }
  void add_log_density(double at, std::size_t first, std::span<double> terms) const override {
    const double *const scale = scale_.data() + first, *const shift = shift_.data() + first;
    const double* const constant = constant_.data() + first;
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const double z = scale[j] * at - shift[j];
      terms[j] += constant[j] - z * z;
    }
  }

 private:
  std::vector<double> mean_, sd_;                 // [components]
  std::vector<double> scale_, shift_, constant_;  // [components]: log density at x is constant - (scale x - shift)^2
};

class Levels : public Kernels {
 public:
  explicit Levels(const Axis& axis) : axis_(axis), n_(axis.levels()) {}
  void place(std::span<const Coordinate> told, double bandwidth) override {
    row_.clear();
    mass_.clear();
    for (const Coordinate& c : told) row_.push_back(c.is_active() ? static_cast<std::size_t>(c.at) : n_);
    for (std::size_t k = 0; k < n_; ++k) {
      const samplers::Quantiles q = axis_.quantiles(k);
      add_row(q.middle(), std::max(bandwidth, 0.5 * q.mass()));
    }
    for (std::size_t k = 0; k < n_; ++k) mass_.push_back(axis_.quantiles(k).mass());
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
  void add_log_density(double at, std::size_t first, std::span<double> terms) const override {
    const double* const of_level = log_mass_.data() + static_cast<std::size_t>(at) * (n_ + 1);
    const std::size_t* const row = row_.data() + first;
    for (std::size_t j = 0; j < terms.size(); ++j) terms[j] += of_level[row[j]];
  }

 private:
  void add_row(double mean, double sd) {
    const double total = mass_between(0, 1, mean, sd);
    for (std::size_t k = 0; k < n_; ++k) {
      const samplers::Quantiles q = axis_.quantiles(k);
      mass_.push_back(mass_between(q.from, q.to, mean, sd) / total);
    }
  }

  Axis axis_;
  std::size_t n_;
  std::vector<std::size_t> row_;  // [components]: the told level, or n for the prior
  std::vector<double> mass_;      // [n + 1][n]: by row, of each level
  std::vector<double> log_mass_;  // [n][n + 1]: by level, of each row
};

class Choices : public Kernels {
 public:
  explicit Choices(const Axis& axis) : axis_(axis) {}
  void place(std::span<const Coordinate> told, double b) override {
    b_ = b;
    told_.resize(told.size());
    for (std::size_t j = 0; j < told.size(); ++j) told_[j] = told[j].at;
  }
  [[nodiscard]] double draw(std::size_t component, Rng& rng) const override {
    const double told = told_[component];
    const bool stays = rng.uniform() >= b_ && !std::isnan(told);
    return stays ? told : axis_.draw_prior(rng);
  }
  void add_log_density(double at, std::size_t first, std::span<double> terms) const override {
    const double* const told = told_.data() + first;
    const double prior = axis_.quantiles(static_cast<std::size_t>(at)).mass();
    const double same = std::log(1 - b_ + b_ * prior), other = std::log(b_ * prior), unknown = std::log(prior);
    for (std::size_t j = 0; j < terms.size(); ++j) terms[j] += told[j] == at ? same : std::isnan(told[j]) ? unknown : other;
  }

 private:
  Axis axis_;
  double b_ = 0;
  std::vector<double> told_;  // [components], NaN for the prior
};

}  // namespace

std::unique_ptr<Kernels> make_kernels(const Axis& axis) {
  switch (axis.form()) {
    case Form::number:
      return std::make_unique<Numbers>();
    case Form::levels:
      return std::make_unique<Levels>(axis);
    default:
      return std::make_unique<Choices>(axis);
  }
}

}  // namespace nascent::tpe
