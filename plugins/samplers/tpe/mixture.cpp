#include "mixture.hpp"

#include <algorithm>
#include <numeric>

namespace nascent::tpe {
namespace {

double log_sum_exp(std::span<const double> terms) {
  constexpr double kNothing = -45;  // exp of it is below 1e-19: a thousand such terms are less than one rounding
  const double highest = *std::max_element(terms.begin(), terms.end());
  double sum = 0;
  for (const double t : terms) {
    if (t - highest > kNothing) sum += std::exp(t - highest);
  }
  return highest + std::log(sum);
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

Mixture::Mixture(std::span<const Axis> axes, std::span<const std::size_t> block, std::span<const Component> told,
                 double prior_weight)
    : block_(block) {
  double sum = 0;
  for (const Component& c : told) sum += c.weight;
  const double prior = prior_weight * (told.empty() ? 1 : sum / static_cast<double>(told.size()));
  cumulative_.push_back(prior);
  for (const Component& c : told) cumulative_.push_back(c.weight);
  for (const double weight : cumulative_) log_weight_.push_back(std::log(weight / (sum + prior)));
  std::partial_sum(cumulative_.begin(), cumulative_.end(), cumulative_.begin());
  const std::size_t n = told.size() + 1;
  std::vector<Coordinate> columns(block.size() * n);  // [block][components], filled trial by trial as they lie in memory
  for (std::size_t j = 1; j < n; ++j) {
    for (std::size_t d = 0; d < block.size(); ++d) columns[d * n + j] = (*told[j - 1].at)[block[d]];
  }
  const double choices = choices_per_trial(axes, block, told);
  for (std::size_t d = 0; d < block.size(); ++d) {
    const Axis& axis = axes[block[d]];
    const std::span<const Coordinate> column(columns.data() + d * n, n);
    const double bandwidth = axis.form() == Form::choice ? choice_bandwidth(axis, column, choices)
                                                         : number_bandwidth(axis, column, block.size());
    kernels_.push_back(make_kernels(axis, column, bandwidth));
  }
}

std::size_t Mixture::draw_component(Rng& rng) const {
  const auto at = std::ranges::upper_bound(cumulative_, rng.uniform() * cumulative_.back());
  return std::min(static_cast<std::size_t>(at - cumulative_.begin()), cumulative_.size() - 1);
}

double Mixture::log_density(const Coordinates& x) const {
  std::vector<double> terms = log_weight_;
  for (std::size_t d = 0; d < block_.size(); ++d) {
    const Coordinate& c = x[block_[d]];
    if (c.is_active()) kernels_[d]->add_log_density(c.at, terms);
  }
  return log_sum_exp(terms);
}

}  // namespace nascent::tpe
