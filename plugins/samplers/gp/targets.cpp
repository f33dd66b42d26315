#include "gp/targets.hpp"

#include <algorithm>
#include <cmath>

#include "shared/utility.hpp"

namespace nascent::gp {
namespace {

constexpr double kSpreadsAbove = 5, kSpreadsBelow = 20;  // beyond, values are cut
constexpr double kDeviationMin = 1e-3;                   // of constraints that are all alike

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Yeo, Johnson 2000, equation 2.1, for powers in [0, 1].
double powered(double x, double power) {
  if (x >= 0) return power == 0 ? std::log1p(x) : (std::pow(x + 1, power) - 1) / power;
  return -(std::pow(1 - x, 2 - power) - 1) / (2 - power);
}

// Up to a constant the log likelihood of x [n] under a normal distribution of powered x; same place, section 3.
double log_likelihood(const Vector& x, double power) {
  const Eigen::ArrayXd y = x.unaryExpr([power](double v) { return powered(v, power); });
  const double variance = (y - y.mean()).square().mean();
  const double slopes = x.unaryExpr([](double v) { return v >= 0 ? std::log1p(v) : -std::log1p(-v); }).sum();
  return -0.5 * static_cast<double>(x.size()) * std::log(variance) + (power - 1) * slopes;
}

double best_power(const Vector& x) {
  double best = 1, best_likelihood = log_likelihood(x, 1);
  for (int k = 0; k < 20; ++k) {
    const double power = 0.05 * k, here = log_likelihood(x, power);
    if (here > best_likelihood) {
      best = power;
      best_likelihood = here;
    }
  }
  return best;
}

Vector standardised(const Vector& x) {
  const double mean = x.mean(), deviation = std::sqrt((x.array() - mean).square().mean());
  return (x.array() - mean) / std::max(deviation, 1e-12);
}

Lesson objective(const ToldList& trials, std::size_t k, bool pruned_too) {
  std::vector<double> completed;
  for (const auto& told : trials) {
    if (told->state == State::completed) completed.push_back(told->values[k]);
  }
  const double middle = completed.empty() ? 0 : median(completed);
  Lesson lesson;
  std::vector<double> values;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Told& told = *trials[i];
    const bool pruned = told.state == State::pruned;
    if (told.state != State::completed && !(pruned && pruned_too)) continue;
    lesson.rows.push_back(i);
    values.push_back(pruned ? std::max(told.values[k], middle) : told.values[k]);
  }
  if (!values.empty()) lesson.targets = standardised_objective(std::move(values));
  return lesson;
}

Lesson constraint(const ToldList& trials, std::size_t k) {
  Lesson lesson;
  std::vector<double> values;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i]->state != State::completed) continue;
    lesson.rows.push_back(i);
    values.push_back(trials[i]->constraints[k]);
  }
  if (!values.empty()) {
    auto [targets, threshold] = standardised_constraint(std::move(values));
    lesson.targets = std::move(targets);
    lesson.threshold = threshold;
  }
  return lesson;
}

Lesson failing(const ToldList& trials) {
  Lesson lesson;
  std::vector<double> values;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    lesson.rows.push_back(i);
    values.push_back(trials[i]->state == State::failed ? 1 : -1);
  }
  auto [targets, threshold] = standardised_constraint(std::move(values));
  lesson.targets = std::move(targets);
  lesson.threshold = threshold;
  return lesson;
}

}  // namespace

std::vector<Lesson> lessons(const ToldList& trials, std::size_t n_objectives, std::size_t n_constraints) {
  std::vector<Lesson> all;
  // With several objectives nobody knows in which a pruned trial is no better than most.
  for (std::size_t k = 0; k < n_objectives; ++k) all.push_back(objective(trials, k, n_objectives == 1));
  for (std::size_t k = 0; k < n_constraints; ++k) all.push_back(constraint(trials, k));
  if (std::ranges::any_of(trials, [](const auto& told) { return told->state == State::failed; })) {
    all.push_back(failing(trials));
  }
  return all;
}

Vector standardised_objective(std::vector<double> values) {
  const double size = std::abs(*std::ranges::max_element(values, {}, [](double v) { return std::abs(v); }));
  if (size > 1e100) std::ranges::transform(values, values.begin(), [size](double v) { return v / size; });
  const double middle = median(values), spread = samplers::robust_spread(values);
  Vector x(static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    x[static_cast<Index>(i)] = std::clamp((values[i] - middle) / spread, -kSpreadsBelow, kSpreadsAbove);
  }
  if (!(x.maxCoeff() > x.minCoeff())) return Vector::Zero(x.size());
  const double power = best_power(x);
  return standardised(x.unaryExpr([power](double v) { return powered(v, power); }));
}

StandardisedConstraint standardised_constraint(std::vector<double> values) {
  std::vector<double> sizes;
  for (const double v : values) sizes.push_back(std::abs(v));
  const double middle = median(sizes), unit = std::isfinite(middle) && middle > 0 ? middle : 1;
  Vector x(static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    x[static_cast<Index>(i)] = std::clamp(std::asinh(values[i] / unit), -20.0, 20.0);
  }
  const double mean = x.mean(), deviation = std::max(std::sqrt((x.array() - mean).square().mean()), kDeviationMin);
  return {(x.array() - mean) / deviation, -mean / deviation};
}

}  // namespace nascent::gp
