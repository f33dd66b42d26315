// A declared search space as samplers see it: flat random variables with priors and conditions.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nascent/abi.h"
#include "nascent/error.hpp"
#include "nascent/namespace.hpp"
#include "nascent/rng.hpp"

NASCENT_SDK_BEGIN

// One configuration in place: x[i] in natural units (choice index for choices), 0 where active[i] is 0. Both [n_params].
struct Row {
  std::span<double> x;
  std::span<std::uint8_t> active;
};
struct ConstRow {
  ConstRow(std::span<const double> values, std::span<const std::uint8_t> mask) : x(values), active(mask) {}
  ConstRow(const Row& row) : x(row.x), active(row.active) {}  // NOLINT(google-explicit-constructor): a view of a view
  std::span<const double> x;
  std::span<const std::uint8_t> active;
};

// A configuration that owns its values.
struct Point {
  std::vector<double> x;
  std::vector<std::uint8_t> active;
  Point() = default;
  explicit Point(std::size_t n_params) : x(n_params), active(n_params) {}
  explicit Point(ConstRow row) : x(row.x.begin(), row.x.end()), active(row.active.begin(), row.active.end()) {}
  [[nodiscard]] Row row() { return {x, active}; }
  [[nodiscard]] ConstRow row() const { return {x, active}; }
  void copy_to(Row to) const {
    std::copy(x.begin(), x.end(), to.x.begin());
    std::copy(active.begin(), active.end(), to.active.begin());
  }
  bool operator==(const Point&) const = default;
};

// One parameter's arithmetic: levels, scale, prior.
class ParamView {
 public:
  explicit ParamView(const nas_param& p) : p_(&p) {}
  [[nodiscard]] const nas_param& raw() const { return *p_; }
  [[nodiscard]] std::string_view name() const { return view(p_->name); }
  [[nodiscard]] bool is_choice() const { return p_->kind == NAS_P_CAT || p_->kind == NAS_P_ORD; }
  [[nodiscard]] bool is_categorical() const { return p_->kind == NAS_P_CAT; }
  [[nodiscard]] bool is_log() const { return p_->scale == NAS_SCALE_LOG; }
  // Number of distinct values; 0 for a continuous parameter.
  [[nodiscard]] std::uint64_t levels() const {
    if (is_choice()) return p_->n_choices;
    const double step = this->step();
    return step > 0 ? static_cast<std::uint64_t>(std::floor((p_->hi - p_->lo) / step + 1e-9)) + 1 : 0;
  }
  // Value of level k, k < levels().
  [[nodiscard]] double level(std::uint64_t k) const {
    return is_choice() ? static_cast<double>(k) : std::min(p_->hi, p_->lo + static_cast<double>(k) * step());
  }
  [[nodiscard]] std::uint64_t level_of(double value) const {
    const double k = is_choice() ? value : std::round((value - p_->lo) / step());
    return static_cast<std::uint64_t>(std::clamp(k, 0.0, static_cast<double>(levels() - 1)));
  }
  // Is `value` one this parameter can take?
  [[nodiscard]] bool contains(double value) const {
    if (!(value >= p_->lo && value <= p_->hi)) return false;
    if (levels() == 0) return true;
    const double exact = level(level_of(value));
    return std::abs(value - exact) <= 1e-9 * std::max(1.0, std::abs(exact));
  }
  // The nearest value this parameter can take.
  [[nodiscard]] double clamp(double value) const {
    const double inside = std::clamp(value, p_->lo, p_->hi);
    return levels() == 0 ? inside : level(level_of(inside));
  }

  // The prior's quantile: u in [0, 1) to a value. With u uniform the value follows the prior.
  [[nodiscard]] double quantile(double u) const {
    if (is_choice()) return static_cast<double>(choice_quantile(u));
    const auto [from, to] = scaled_range();
    const double value = unscale(from + (to - from) * u, u, from, to);
    if (levels() == 0) return std::clamp(value, p_->lo, p_->hi);
    return level(level_of(value));
  }
  // Where a value stands in its prior: the middle of its probability mass, in (0, 1). quantile(cdf(v)) == v.
  [[nodiscard]] double cdf(double value) const {
    if (is_choice()) {
      const auto k = level_of(value);
      double below = 0;
      for (std::uint64_t i = 0; i < k; ++i) below += probability(i);
      return below + 0.5 * probability(k);
    }
    if (levels() == 0) return continuous_cdf(value);
    const double half = 0.5 * step();
    return 0.5 * (continuous_cdf(value - half) + continuous_cdf(value + half));
  }
  // Natural log of the prior's density (continuous, per unit of the scale) or mass (levels).
  [[nodiscard]] double log_prior(double value) const {
    if (is_choice()) return std::log(probability(level_of(value)));
    const auto [from, to] = scaled_range();
    if (levels() != 0) {
      const double half = 0.5 * step();
      return std::log(continuous_cdf(value + half) - continuous_cdf(value - half));
    }
    if (p_->prior != NAS_PRIOR_NORMAL) return -std::log(to - from);
    const double z = (scaled(value) - p_->prior_a) / p_->prior_b;
    const double mass = normal_cdf((to - p_->prior_a) / p_->prior_b) - normal_cdf((from - p_->prior_a) / p_->prior_b);
    return -0.5 * z * z - std::log(p_->prior_b * std::sqrt(2 * 3.14159265358979323846) * mass);
  }
  // Prior probability of choice k.
  [[nodiscard]] double probability(std::uint64_t k) const {
    if (p_->prior != NAS_PRIOR_WEIGHTS) return 1.0 / p_->n_choices;
    double total = 0;
    for (std::uint32_t i = 0; i < p_->n_choices; ++i) total += p_->weights[i];
    return p_->weights[k] / total;
  }
  // Position on the parameter's scale (log for logarithmic parameters).
  [[nodiscard]] double scaled(double value) const { return is_log() ? std::log(value) : value; }

 private:
  [[nodiscard]] double step() const { return p_->step > 0 ? p_->step : p_->kind == NAS_P_INT ? 1.0 : 0.0; }
  // The range on the scale; discrete values own half a step to either side so that each level gets its share.
  [[nodiscard]] std::pair<double, double> scaled_range() const {
    const double half = 0.5 * step();
    const double lo = is_log() ? std::max(p_->lo - half, p_->lo * 0.5) : p_->lo - half;
    const double hi = half > 0 ? level(levels() - 1) + half : p_->hi;
    return {scaled(lo), scaled(hi)};
  }
  [[nodiscard]] double unscale(double linear, double u, double from, double to) const {
    double position = linear;
    if (p_->prior == NAS_PRIOR_NORMAL) {
      const double a = normal_cdf((from - p_->prior_a) / p_->prior_b), b = normal_cdf((to - p_->prior_a) / p_->prior_b);
      position = std::clamp(p_->prior_a + p_->prior_b * normal_quantile(a + (b - a) * u), from, to);
    }
    return is_log() ? std::exp(position) : position;
  }
  [[nodiscard]] double continuous_cdf(double value) const {
    const auto [from, to] = scaled_range();
    const double lowest = is_log() ? std::exp(from) : from;
    const double at = std::clamp(scaled(std::max(value, lowest)), from, to);
    if (p_->prior != NAS_PRIOR_NORMAL) return to > from ? (at - from) / (to - from) : 0.5;
    const double a = normal_cdf((from - p_->prior_a) / p_->prior_b), b = normal_cdf((to - p_->prior_a) / p_->prior_b);
    return (normal_cdf((at - p_->prior_a) / p_->prior_b) - a) / (b - a);
  }
  [[nodiscard]] std::uint64_t choice_quantile(double u) const {
    if (p_->prior != NAS_PRIOR_WEIGHTS) {
      return std::min<std::uint64_t>(static_cast<std::uint64_t>(u * p_->n_choices), p_->n_choices - 1);
    }
    double total = 0;
    for (std::uint32_t i = 0; i < p_->n_choices; ++i) total += p_->weights[i];
    double left = u * total;
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < p_->n_choices; ++i) {
      if (p_->weights[i] <= 0) continue;
      last = i;
      if (left < p_->weights[i]) return i;
      left -= p_->weights[i];
    }
    return last;
  }
  const nas_param* p_;
};

// The whole space. A view: the nas_space has to outlive it.
class SpaceView {
 public:
  SpaceView() = default;
  explicit SpaceView(const nas_space* space) : space_(space) {}
  [[nodiscard]] const nas_space& raw() const { return *space_; }
  [[nodiscard]] std::size_t size() const { return space_ == nullptr ? 0 : space_->n_params; }
  [[nodiscard]] const nas_param& param(std::size_t i) const {
    const auto* bytes = reinterpret_cast<const char*>(space_->params);
    return *reinterpret_cast<const nas_param*>(bytes + i * space_->param_stride);
  }
  [[nodiscard]] ParamView operator[](std::size_t i) const { return ParamView(param(i)); }
  // Index of a parameter by name, or size().
  [[nodiscard]] std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (view(param(i).name) == name) return i;
    }
    return size();
  }

  // Does parameter i take part, given the values of its parents (which come before it)?
  [[nodiscard]] bool is_active(std::size_t i, std::span<const double> x, std::span<const std::uint8_t> active) const {
    const nas_param& p = param(i);
    bool group_holds = false;
    for (std::uint32_t c = 0; c < p.cond_count; ++c) {
      const nas_cond& cond = space_->conds[p.cond_first + c];
      if (c == 0 || cond.group != space_->conds[p.cond_first + c - 1].group) {
        if (group_holds) return true;
        group_holds = true;
      }
      group_holds = group_holds && active[cond.parent] != 0 && holds(cond, x[cond.parent]);
    }
    return p.cond_count == 0 || group_holds;
  }
  // Sets the mask from the values, and inactive values to 0.
  void activate(Row row) const {
    for (std::size_t i = 0; i < size(); ++i) {
      row.active[i] = is_active(i, row.x, row.active) ? 1 : 0;
      if (row.active[i] == 0) row.x[i] = 0;
    }
  }
  // One configuration drawn from the prior.
  void sample(Rng& rng, Row row) const {
    for (std::size_t i = 0; i < size(); ++i) {
      const double u = rng.uniform();  // drawn also where inactive: a condition never shifts later draws
      row.active[i] = is_active(i, row.x, row.active) ? 1 : 0;
      row.x[i] = row.active[i] != 0 ? ParamView(param(i)).quantile(u) : 0.0;
    }
  }
  // Activates anew after a change; parameters that became active are drawn from the prior.
  void repair(Rng& rng, Row row) const {
    for (std::size_t i = 0; i < size(); ++i) {
      const bool was = row.active[i] != 0;
      const double u = rng.uniform();
      row.active[i] = is_active(i, row.x, row.active) ? 1 : 0;
      if (row.active[i] == 0) {
        row.x[i] = 0;
      } else if (!was) {
        row.x[i] = ParamView(param(i)).quantile(u);
      }
    }
  }
  // Does the row respect bounds, steps and conditions?
  [[nodiscard]] bool contains(ConstRow row) const {
    for (std::size_t i = 0; i < size(); ++i) {
      const bool active = is_active(i, row.x, row.active);
      if (active != (row.active[i] != 0) || (active && !ParamView(param(i)).contains(row.x[i]))) return false;
    }
    return true;
  }
  // Natural log of the prior of a configuration: the sum over its active parameters.
  [[nodiscard]] double log_prior(ConstRow row) const {
    double sum = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      if (row.active[i] != 0) sum += ParamView(param(i)).log_prior(row.x[i]);
    }
    return sum;
  }

 private:
  static bool holds(const nas_cond& cond, double value) {
    switch (cond.op) {
      case NAS_OP_EQ: return value == cond.value;
      case NAS_OP_NE: return value != cond.value;
      case NAS_OP_LT: return value < cond.value;
      case NAS_OP_GT: return value > cond.value;
      default: return false;
    }
  }
  const nas_space* space_ = nullptr;
};

NASCENT_SDK_END
