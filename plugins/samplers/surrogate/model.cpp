#include "surrogate/model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nascent/pareto.hpp"

namespace nascent::surrogate {
namespace {

constexpr std::size_t kRowsMax = 4000;     // that a forest learns from: bounds its cost
constexpr std::size_t kFittest = 10;       // kept as parents
constexpr double kFailureSureness = 0.95;  // a failure seen is no proof of the next one

// Standard normal quantiles of the ranks; equals share the mean of theirs.
std::vector<double> normal_scores(std::span<const double> values) {
  const std::size_t n = values.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> scores(n);
  for (std::size_t from = 0, to = 0; from < n; from = to) {
    while (to < n && values[order[to]] == values[order[from]]) ++to;
    const double rank = 0.5 * static_cast<double>(from + to) / static_cast<double>(n);
    for (std::size_t k = from; k < to; ++k) scores[order[k]] = normal_quantile(rank);
  }
  return scores;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Keeps signs, tames tails: asinh in units of the median size.
std::vector<double> tamed(std::vector<double> values) {
  std::vector<double> sizes;
  for (const double v : values) sizes.push_back(std::abs(v));
  const double middle = median(sizes), unit = std::isfinite(middle) && middle > 0 ? middle : 1;
  for (double& v : values) v = std::clamp(std::asinh(v / unit), -20.0, 20.0);
  return values;
}

forest::Forest grown(const Evidence& evidence, std::span<const std::size_t> rows, std::span<const double> targets,
                     const Settings& settings, std::uint64_t seed) {
  std::vector<double> encoded;
  for (const std::size_t i : rows)
    encoded.insert(encoded.end(), evidence.encoded(i).begin(), evidence.encoded(i).end());
  const forest::Table table(evidence.encoder().features(), encoded);
  return {table, targets, {settings.trees, {.features_share = 0.8}}, seed};
}

std::vector<std::size_t> those(std::span<const std::size_t> rows, const auto& wanted) {
  std::vector<std::size_t> chosen;
  std::ranges::copy_if(rows, std::back_inserter(chosen), wanted);
  return chosen;
}

}  // namespace

Model::Model(const Evidence& evidence, std::size_t n, const Settings& settings, std::uint64_t seed) {
  const std::vector<std::size_t> rows = evidence.selection(n, kRowsMax);
  learn_objectives(evidence, rows, settings, seed);
  learn_constraints(evidence, rows, settings, seed);
  learn_failures(evidence, rows, settings, seed);
}

void Model::learn_objectives(const Evidence& evidence, std::span<const std::size_t> rows, const Settings& settings,
                             std::uint64_t seed) {
  // A pruned trial was stopped because it is no better than most; with several objectives nobody knows in which.
  const bool one = evidence.n_objectives() == 1;
  const auto completed = those(rows, [&](std::size_t i) { return evidence.completed(i); });
  const auto valued = those(rows, [&](std::size_t i) { return evidence.completed(i) || (one && !evidence.failed(i)); });
  std::vector<double> scores(completed.size() * evidence.n_objectives());
  for (std::size_t k = 0; k < evidence.n_objectives(); ++k) {
    std::vector<double> values, complete;
    for (const std::size_t i : completed) complete.push_back(evidence.values(i)[k]);
    const double middle = median(complete);
    for (const std::size_t i : valued) {
      values.push_back(evidence.completed(i) ? evidence.values(i)[k] : std::max(evidence.values(i)[k], middle));
    }
    const std::vector<double> targets = normal_scores(values);
    objectives_.push_back(grown(evidence, valued, targets, settings, derive_seed(seed, k)));
    for (std::size_t v = 0, c = 0; v < valued.size(); ++v) {
      if (evidence.completed(valued[v])) scores[c++ * evidence.n_objectives() + k] = targets[v];
    }
  }
  rank(evidence, completed, scores);
}

void Model::rank(const Evidence& evidence, std::span<const std::size_t> rows, std::span<const double> scores) {
  const std::size_t m = evidence.n_objectives();
  std::vector<double> violations;
  for (const std::size_t i : rows) violations.push_back(evidence.violation(i));
  const pareto::Outcomes outcomes{scores, m, violations};
  const std::vector<std::size_t> ranks = pareto::ranks(outcomes);
  const std::vector<double> crowding = pareto::crowding_distances(outcomes, ranks);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : crowding[a] > crowding[b];
  });
  for (const std::size_t at : order) {
    if (fittest_.size() < kFittest) fittest_.push_back(rows[at]);
    if (ranks[at] == 0 && violations[at] == 0) front_.insert(front_.end(), outcomes[at].begin(), outcomes[at].end());
  }
}

void Model::learn_constraints(const Evidence& evidence, std::span<const std::size_t> rows, const Settings& settings,
                              std::uint64_t seed) {
  const auto completed = those(rows, [&](std::size_t i) { return evidence.completed(i); });
  for (std::size_t k = 0; k < evidence.n_constraints(); ++k) {
    std::vector<double> values;
    for (const std::size_t i : completed) values.push_back(evidence.constraints(i)[k]);
    constraints_.push_back(
        grown(evidence, completed, tamed(values), settings, derive_seed(seed, evidence.n_objectives() + k)));
  }
}

void Model::learn_failures(const Evidence& evidence, std::span<const std::size_t> rows, const Settings& settings,
                           std::uint64_t seed) {
  std::vector<double> failed;
  for (const std::size_t i : rows) failed.push_back(evidence.failed(i) ? 1 : 0);
  if (std::ranges::count(failed, 1.0) == 0) return;
  failures_ =
      grown(evidence, rows, failed, settings, derive_seed(seed, evidence.n_objectives() + evidence.n_constraints()));
}

Prediction Model::predict(std::size_t k, std::span<const double> row) const {
  const forest::Prediction p = objectives_[k].predict(row);
  return {p.mean, std::sqrt(p.variance + Prediction::deviation_min * Prediction::deviation_min)};
}

double Model::probability_of_success(std::span<const double> row) const {
  double probability = 1;
  for (const forest::Forest& constraint : constraints_) {
    const forest::Prediction p = constraint.predict(row);
    probability *= normal_cdf(-p.mean / std::sqrt(p.variance + 0.01));
  }
  if (failures_) probability *= 1 - kFailureSureness * failures_->predict(row).mean;
  return std::max(probability, 1e-12);
}

}  // namespace nascent::surrogate
