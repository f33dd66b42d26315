#include "surrogate/acquisition.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace nascent::surrogate {
namespace {

constexpr std::size_t kDraws = 32;
constexpr double kNoGain = -1000;  // below the logarithm of any gain

// log of E[max(0, sd (z + u))], u standard normal. Far in the lower tail by the asymptotic series of Mills' ratio.
double log_expected_improvement(double z, double sd) {
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
  if (z > -10) return std::log(sd * (z * normal_cdf(z) + density));
  return std::log(sd) - 0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi) - 2 * std::log(-z);
}

std::uint64_t hash_of(std::span<const double> row) {
  std::uint64_t hash = 0;
  for (const double v : row) hash = derive_seed(hash, std::bit_cast<std::uint64_t>(v));
  return hash;
}

}  // namespace

Worth::Worth(const Model& model, const std::vector<std::vector<double>>& pending, Judgement judgement,
             std::uint64_t seed)
    : model_(model), judgement_(judgement), seed_(seed), front_(model.front().begin(), model.front().end()) {
  if (front_.empty()) return;
  if (model.n_objectives() > 1) {
    Rng rng(seed);
    draws_.resize(kDraws * model.n_objectives());
    for (double& z : draws_) z = rng.normal();
  }
  for (const std::vector<double>& row : pending) await(row);
}

void Worth::await(std::span<const double> row) {
  if (model_.probability_of_success(row) > 0.5) {
    for (std::size_t k = 0; k < model_.n_objectives(); ++k) front_.push_back(model_.predict(k, row).mean);
  }
  awaiting_.resize(model_.n_objectives());
  for (std::size_t k = 0; k < awaiting_.size(); ++k) {
    const auto trees = model_.objective(k).trees();
    awaiting_[k].resize(trees.size());
    for (std::size_t t = 0; t < trees.size(); ++t) {
      awaiting_[k][t].resize(trees[t].nodes().size());
      awaiting_[k][t][trees[t].leaf_index(row)] = 1;
    }
  }
}

std::vector<Prediction> Worth::predict(std::span<const double> row) const {
  std::vector<Prediction> predicted;
  for (std::size_t k = 0; k < model_.n_objectives(); ++k) {
    predicted.push_back(model_.predict(k, row));
    if (awaiting_.empty()) continue;
    const auto trees = model_.objective(k).trees();
    double n_open = 0;
    for (std::size_t t = 0; t < trees.size(); ++t) n_open += awaiting_[k][t][trees[t].leaf_index(row)] == 0 ? 1 : 0;
    predicted.back().deviation *= std::sqrt(n_open / static_cast<double>(trees.size()));
    predicted.back().deviation = std::max(predicted.back().deviation, Prediction::deviation_min);
  }
  return predicted;
}

double Worth::gain(std::span<const double> scores) const {
  double least = HUGE_VAL;
  for (auto member = front_.begin(); member != front_.end(); member += static_cast<std::ptrdiff_t>(scores.size())) {
    double most = -HUGE_VAL;
    for (std::size_t k = 0; k < scores.size(); ++k)
      most = std::max(most, member[static_cast<std::ptrdiff_t>(k)] - scores[k]);
    least = std::min(least, most);
  }
  return least;
}

double Worth::log_expected_gain(std::span<const Prediction> predicted) const {
  if (predicted.size() == 1) {
    const auto [mean, sd] = predicted[0];
    return log_expected_improvement(gain({&mean, 1}) / sd, sd);
  }
  std::vector<double> scores(predicted.size());
  double sum = 0;
  for (std::size_t d = 0; d < kDraws; ++d) {
    for (std::size_t k = 0; k < scores.size(); ++k) {
      scores[k] = predicted[k].mean + predicted[k].deviation * draws_[d * scores.size() + k];
    }
    sum += std::max(0.0, gain(scores));
  }
  if (sum > 0) return std::log(sum / kDraws);
  for (std::size_t k = 0; k < scores.size(); ++k) scores[k] = predicted[k].mean;
  return kNoGain + gain(scores);  // the nearer to the front the better
}

double Worth::drawn_gain(std::span<const Prediction> predicted, double success, std::span<const double> row) const {
  Rng rng(seed_, hash_of(row));
  if (rng.uniform() >= success) return kNoGain + std::log(success);
  std::vector<double> scores;
  for (const Prediction& p : predicted) scores.push_back(p.mean + p.deviation * rng.normal());
  return gain(scores);
}

double Worth::operator()(std::span<const double> row) const {
  const double success = model_.probability_of_success(row);
  if (front_.empty()) return std::log(success);
  const std::vector<Prediction> predicted = predict(row);
  if (judgement_ == Judgement::drawn) return drawn_gain(predicted, success, row);
  return log_expected_gain(predicted) + std::log(success);
}

}  // namespace nascent::surrogate
