#include "mixture.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace nascent::tpe {
namespace {

// Sum of exp(term - highest) over the terms above highest + lowest.
double sum_exp(std::span<const double> terms, double highest, double lowest) {
  double sum = 0;
  for (const double t : terms) {
    if (t - highest > lowest) sum += std::exp(t - highest);
  }
  return sum;
}

// `highest` of the terms.
double log_sum_exp(std::span<const double> terms, double highest) {
  constexpr double kNothing = -45;  // exp of it is below 1e-19: a thousand such terms are less than one rounding
  return highest + std::log(sum_exp(terms, highest, kNothing));
}

// Choices that a told trial of the block has to make, on average.
double choices_per_trial(std::span<const Axis> axes, std::span<const std::size_t> block,
                         std::span<const Component> told) {
  double choices = 0;
  for (const std::size_t parameter : block) {
    if (axes[parameter].form() != Form::choice || axes[parameter].levels() < 2) continue;
    for (const Component& c : told) choices += (*c.at)[parameter].is_active() ? 1 : 0;
  }
  return choices / static_cast<double>(std::max<std::size_t>(told.size(), 1));
}

// Scott's rule, the prior counted as half a trial more: a group of few or equal trials keeps some of the prior's
// spread. `dimensions` > 0: of the block. No narrower than a hundredth of the range, nor than 1 / (n + 1) ("magic
// clipping").
double number_bandwidth(const Axis& axis, std::span<const Coordinate> told, std::size_t dimensions) {
  constexpr double kPriorVariance = 1.0 / 12, kPriorTrials = 0.5, kNarrowest = 0.01;  // variance: uniform on [0, 1]
  double n = 0, sum = 0, squares = 0;  // around the middle of the range
  for (const Coordinate& c : told) {
    if (!c.is_active()) continue;
    const double at = axis.position(c.at) - 0.5;
    n += 1;
    sum += at;
    squares += at * at;
  }
  if (n > 0) squares = std::max(squares - sum * sum / n, 0.0);
  const double d = static_cast<double>(dimensions);
  const double spread = std::sqrt((squares + kPriorTrials * kPriorVariance) / (n + kPriorTrials));
  const double scott = spread * std::pow(4 / ((d + 2) * (n + kPriorTrials)), 1 / (d + 4));
  return std::clamp(scott, std::max(kNarrowest, 1 / (n + 1)), 1.0);
}

// Laplace's rule of succession, K / (n + K) for K values; but a kernel departs from its trial in one choice on average
// at most, however many there are, so that it stays a kernel around that trial.
double choice_bandwidth(const Axis& axis, std::span<const Coordinate> told, double choices) {
  const double n = static_cast<double>(std::ranges::count_if(told, &Coordinate::is_active));
  const double k = static_cast<double>(axis.levels());
  return std::min(k / (n + k), 1 / std::max(choices, 1.0));
}

}  // namespace

Mixture::Mixture(std::span<const Axis> axes, std::span<const std::size_t> block) : axes_(axes), block_(block) {
  for (const std::size_t parameter : block) kernels_.push_back(make_kernels(axes[parameter]));
}

void Mixture::estimate(std::span<const Component> told, double prior_weight) {
  double sum = 0;
  for (const Component& c : told) sum += c.weight;
  const double prior = prior_weight * (told.empty() ? 1 : sum / static_cast<double>(told.size()));
  cumulative_.assign(1, prior);
  for (const Component& c : told) cumulative_.push_back(c.weight);
  log_weight_.clear();
  for (std::size_t j = 0; j < cumulative_.size(); ++j) {  // of many told trials all have one weight
    const bool as_before = j > 0 && cumulative_[j] == cumulative_[j - 1];
    log_weight_.push_back(as_before ? log_weight_.back() : std::log(cumulative_[j] / (sum + prior)));
  }
  std::partial_sum(cumulative_.begin(), cumulative_.end(), cumulative_.begin());
  const std::size_t n = told.size() + 1;
  columns_.resize(block_.size() * n);  // filled trial by trial as they lie in memory
  for (std::size_t d = 0; d < block_.size(); ++d) columns_[d * n] = {};
  for (std::size_t j = 1; j < n; ++j) {
    for (std::size_t d = 0; d < block_.size(); ++d) columns_[d * n + j] = (*told[j - 1].at)[block_[d]];
  }
  const double choices = choices_per_trial(axes_, block_, told);
  for (std::size_t d = 0; d < block_.size(); ++d) {
    const Axis& axis = axes_[block_[d]];
    const std::span<const Coordinate> column(columns_.data() + d * n, n);
    kernels_[d]->place(column, axis.form() == Form::choice ? choice_bandwidth(axis, column, choices)
                                                           : number_bandwidth(axis, column, block_.size()));
  }
}

std::size_t Mixture::draw_component(Rng& rng) const {
  const auto at = std::ranges::upper_bound(cumulative_, rng.uniform() * cumulative_.back());
  return std::min(static_cast<std::size_t>(at - cumulative_.begin()), cumulative_.size() - 1);
}

void Mixture::add_terms(const Coordinates& x, std::size_t first, std::size_t last) const {
  terms_.resize(log_weight_.size());
  const std::span<double> terms = std::span(terms_).subspan(first, last - first);
  std::copy_n(log_weight_.begin() + static_cast<std::ptrdiff_t>(first), terms.size(), terms.begin());
  for (std::size_t d = 0; d < block_.size(); ++d) {
    const Coordinate& c = x[block_[d]];
    if (c.is_active()) kernels_[d]->add_log_density(c.at, first, terms);
  }
}

double Mixture::log_density(const Coordinates& x) const {
  add_terms(x, 0, log_weight_.size());
  return log_sum_exp(terms_, *std::ranges::max_element(terms_));
}

double Mixture::log_ratio(double above, const Coordinates& x, double floor) const {
  constexpr std::size_t kTogether = 1024;  // components
  constexpr double kLittle = -5;           // terms so far below the highest are left out of the bound, which is cheaper for that
  constexpr double kRounding = 1e-6;       // more than the order of a sum changes in its logarithm
  const std::size_t n = log_weight_.size();
  double highest = -std::numeric_limits<double>::infinity(), sum = 0;  // of exp(term - highest), no more than that
  for (std::size_t first = 0, last = 0; first < n; first = last) {
    last = std::min(first + kTogether, n);
    add_terms(x, first, last);
    const std::span<const double> terms = std::span(terms_).subspan(first, last - first);
    const double higher = std::max(highest, *std::ranges::max_element(terms));
    sum *= std::exp(highest - higher);
    highest = higher;
    if (last == n) break;
    sum += sum_exp(terms, highest, kLittle);
    const double at_most = above - (highest + std::log(sum)) + kRounding;  // the density is no lower
    if (at_most <= floor) return at_most;
  }
  return above - log_sum_exp(terms_, highest);
}

}  // namespace nascent::tpe
