// A declared search space as samplers see it: flat random variables with priors and conditions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
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

namespace detail {
// A normal distribution cut to [from, to]. Works in the lower tail, where doubles are precise: a range right of the mean
// is mirrored.
class TruncatedNormal {
 public:
  TruncatedNormal(double mean, double sd, double from, double to)
      : mean_(mean), sd_(sd), from_(from), to_(to), mirrored_(from > mean) {
    below_ = normal_cdf(mirrored_ ? (mean - to) / sd : (from - mean) / sd);
    mass_ = normal_cdf(mirrored_ ? (mean - from) / sd : (to - mean) / sd) - below_;
  }
  [[nodiscard]] double mass() const { return mass_; }
  // Share of the mass below `x`, which lies in [from, to].
  [[nodiscard]] double cdf(double x) const {
    const double share = (normal_cdf(mirrored_ ? (mean_ - x) / sd_ : (x - mean_) / sd_) - below_) / mass_;
    return mirrored_ ? 1 - share : share;
  }
  [[nodiscard]] double quantile(double u) const {
    const double z = normal_quantile(below_ + mass_ * (mirrored_ ? 1 - u : u));
    return std::clamp(mean_ + (mirrored_ ? -z : z) * sd_, from_, to_);
  }
  // Mass between two points of [from, to], as precise as the tail allows.
  [[nodiscard]] double between(double a, double b) const {
    const double low = normal_cdf(mirrored_ ? (mean_ - b) / sd_ : (a - mean_) / sd_);
    const double high = normal_cdf(mirrored_ ? (mean_ - a) / sd_ : (b - mean_) / sd_);
    return (high - low) / mass_;
  }
  [[nodiscard]] double log_density(double x) const {
    const double z = (x - mean_) / sd_;
    return -0.5 * z * z - std::log(sd_ * std::sqrt(2 * 3.14159265358979323846)) - std::log(mass_);
  }

 private:
  double mean_, sd_, from_, to_, below_ = 0, mass_ = 0;
  bool mirrored_;
};
}  // namespace detail

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
  // The level nearest to `value`.
  [[nodiscard]] std::uint64_t level_of(double value) const {
    const double k = is_choice() ? std::round(value) : std::round((value - p_->lo) / step());
    const double last = static_cast<double>(levels() - 1);
    return k >= last ? levels() - 1 : k > 0 ? static_cast<std::uint64_t>(k) : 0;  // NaN counts as the lowest
  }
  // Is `value` one this parameter can take? Whole numbers and choices exactly, steps up to rounding.
  [[nodiscard]] bool contains(double value) const {
    if (!(value >= p_->lo && value <= p_->hi)) return false;
    if (levels() == 0) return true;
    const double exact = level(level_of(value));
    if (p_->kind != NAS_P_FLOAT) return value == exact;
    return std::abs(value - exact) <= 1e-9 * step() + 0x1p-50 * std::max(std::abs(p_->lo), std::abs(p_->hi));
  }
  // The nearest value this parameter can take; the lowest for NaN.
  [[nodiscard]] double clamp(double value) const {
    const double inside = value >= p_->lo ? std::min(value, p_->hi) : p_->lo;
    return levels() == 0 ? inside : level(level_of(inside));
  }

  // The prior's quantile: u in [0, 1) to a value. With u uniform the value follows the prior.
  [[nodiscard]] double quantile(double u) const;
  // Where a value stands in its prior: the middle of its probability mass, in [0, 1]. quantile(cdf(v)) is v, up to
  // rounding where v is continuous.
  [[nodiscard]] double cdf(double value) const {
    if (is_choice()) return choice_cdf(level_of(value));
    if (levels() == 0) return continuous_cdf(value);
    const double half = 0.5 * step();
    return 0.5 * (continuous_cdf(value - half) + continuous_cdf(value + half));
  }
  // Natural log of the prior's density (continuous, per unit of the scale) or mass (levels, or a range of one point).
  [[nodiscard]] double log_prior(double value) const {
    if (is_choice()) return std::log(probability(level_of(value)));
    const auto [from, to] = scaled_range();
    if (!(to > from)) return 0;
    if (levels() != 0) {
      const double half = 0.5 * step(), a = position_of(value - half, from, to), b = position_of(value + half, from, to);
      return std::log(p_->prior == NAS_PRIOR_NORMAL ? truncated(from, to).between(a, b) : (b - a) / (to - from));
    }
    return p_->prior == NAS_PRIOR_NORMAL ? truncated(from, to).log_density(scaled(value)) : -std::log(to - from);
  }
  // Share of an untruncated normal prior that falls into the range; 1 for other priors.
  [[nodiscard]] double prior_mass() const {
    const auto [from, to] = scaled_range();
    return p_->prior == NAS_PRIOR_NORMAL && to > from ? truncated(from, to).mass() : 1.0;
  }
  // Can level k come up? False for choices of weight 0.
  [[nodiscard]] bool is_possible(std::uint64_t k) const {
    return !is_choice() || p_->prior != NAS_PRIOR_WEIGHTS || p_->weights[k] > 0;
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
  friend class PriorQuantile;
  [[nodiscard]] double step() const { return p_->step > 0 ? p_->step : p_->kind == NAS_P_INT ? 1.0 : 0.0; }
  // The range on the scale; discrete values own half a step to either side so that each level gets its share.
  [[nodiscard]] std::pair<double, double> scaled_range() const {
    const double half = 0.5 * step();
    const double lo = is_log() ? std::max(p_->lo - half, p_->lo * 0.5) : p_->lo - half;
    const double hi = half > 0 ? level(levels() - 1) + half : p_->hi;
    return {scaled(lo), scaled(hi)};
  }
  [[nodiscard]] detail::TruncatedNormal truncated(double from, double to) const { return {p_->prior_a, p_->prior_b, from, to}; }
  // On the scale, cut to the range.
  [[nodiscard]] double position_of(double value, double from, double to) const {
    return is_log() && value <= 0 ? from : std::clamp(scaled(value), from, to);
  }
  [[nodiscard]] double continuous_cdf(double value) const {
    const auto [from, to] = scaled_range();
    if (!(to > from)) return 0.5;
    const double at = position_of(value, from, to);
    return p_->prior == NAS_PRIOR_NORMAL ? truncated(from, to).cdf(at) : (at - from) / (to - from);
  }
  [[nodiscard]] double choice_cdf(std::uint64_t k) const {
    if (p_->prior != NAS_PRIOR_WEIGHTS) return (static_cast<double>(k) + 0.5) / p_->n_choices;
    double below = 0, total = 0;
    for (std::uint32_t i = 0; i < p_->n_choices; ++i) {
      total += p_->weights[i];
      if (i < k) below += p_->weights[i];
    }
    return (below + 0.5 * p_->weights[k]) / total;
  }
  const nas_param* p_;
};

// The quantile function of one parameter's prior: u in [0, 1) to a value. What does not depend on u is computed once.
class PriorQuantile {
 public:
  explicit PriorQuantile(const ParamView& p)
      : weights_(p.raw().prior == NAS_PRIOR_WEIGHTS ? p.raw().weights : nullptr),
        is_choice_(p.is_choice()),
        is_log_(p.is_log()),
        n_levels_(static_cast<double>(p.levels())) {
    if (is_choice_) {
      if (weights_ != nullptr) width_ = std::accumulate(weights_, weights_ + p.raw().n_choices, 0.0);
      return;
    }
    const auto [from, to] = p.scaled_range();
    from_ = from;
    width_ = to - from;
    lo_ = p.raw().lo;
    hi_ = p.raw().hi;
    step_ = p.step();
    if (p.raw().prior == NAS_PRIOR_NORMAL) normal_ = p.truncated(from, to);
  }
  [[nodiscard]] double operator()(double u) const {
    if (is_choice_) return weights_ == nullptr ? std::min(whole(u * n_levels_), n_levels_ - 1) : weighted_choice(u);
    const double position = normal_ ? normal_->quantile(u) : from_ + width_ * u;
    const double value = is_log_ ? std::exp(position) : position;
    if (n_levels_ == 0) return std::clamp(value, lo_, hi_);
    const double level = std::clamp(whole((value - lo_) / step_ + 0.5), 0.0, n_levels_ - 1);
    return std::min(hi_, lo_ + level * step_);
  }

 private:
  // Towards 0; in place of std::floor, which is a call where SSE 4.1 is not assumed.
  static double whole(double x) { return static_cast<double>(static_cast<std::int64_t>(x)); }
  [[nodiscard]] double weighted_choice(double u) const {
    double left = u * width_;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n_levels_); ++i) {
      if (weights_[i] <= 0) continue;
      last = i;
      if (left < weights_[i]) break;
      left -= weights_[i];
    }
    return static_cast<double>(last);
  }
  const double* weights_;  // [n_levels_] of a choice that has them
  bool is_choice_, is_log_;
  double n_levels_;              // 0: continuous
  double from_ = 0, width_ = 0;  // of the range on the scale; width_ of a weighted choice: the sum of its weights
  double lo_ = 0, hi_ = 0, step_ = 0;
  std::optional<detail::TruncatedNormal> normal_;
};

inline double ParamView::quantile(double u) const { return PriorQuantile(*this)(u); }

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

  // Is the comparison true of this value of an active parent?
  static bool holds(const nas_cond& cond, double value) {
    switch (cond.op) {
      case NAS_OP_EQ: return value == cond.value;
      case NAS_OP_NE: return value != cond.value;
      case NAS_OP_LT: return value < cond.value;
      case NAS_OP_GT: return value > cond.value;
      default: return false;
    }
  }
  // Does parameter i take part, given the values of its parents (which come before it)?
  [[nodiscard]] bool is_active(std::size_t i, std::span<const double> x, std::span<const std::uint8_t> active) const {
    const nas_param& p = param(i);
    bool is_any = false, group_holds = true;  // without early ends: what holds is up to chance, and no branch foresees it
    for (std::uint32_t c = 0; c < p.cond_count; ++c) {
      const nas_cond& cond = space_->conds[p.cond_first + c];
      if (c > 0 && cond.group != space_->conds[p.cond_first + c - 1].group) {
        is_any = is_any || group_holds;
        group_holds = true;
      }
      const bool parent_is_active = active[cond.parent] != 0, is_true = holds(cond, x[cond.parent]);
      group_holds = group_holds && parent_is_active && is_true;
    }
    return is_any || group_holds;
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
    sample(rng, row, [this](std::size_t i, double u) { return ParamView(param(i)).quantile(u); });
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
  friend class PriorDraws;
  template <class Quantile>
  void sample(Rng& rng, Row row, const Quantile& quantile) const {
    rng.fill(row.x.first(size()));  // also where inactive: a condition never shifts later draws
    for (std::size_t i = 0; i < size(); ++i) {
      const double value = quantile(i, row.x[i]);
      const bool active = is_active(i, row.x, row.active);
      row.active[i] = active ? 1 : 0;
      row.x[i] = active ? value : 0.0;
    }
  }
  const nas_space* space_ = nullptr;
};

// SpaceView::sample for many configurations of one space: what every draw needs is computed once.
class PriorDraws {
 public:
  explicit PriorDraws(SpaceView space) : space_(space) {
    quantiles_.reserve(space.size());
    for (std::size_t i = 0; i < space.size(); ++i) quantiles_.emplace_back(space[i]);
  }
  void sample(Rng& rng, Row row) const {
    space_.sample(rng, row, [this](std::size_t i, double u) { return quantiles_[i](u); });
  }

 private:
  SpaceView space_;
  std::vector<PriorQuantile> quantiles_;  // [n_params]
};

NASCENT_SDK_END
