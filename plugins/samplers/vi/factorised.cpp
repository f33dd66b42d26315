#include "factorised.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace nascent::vi {
namespace {

// Largest move in one step: of a log probability, of a mean in sd, of a log sd. The estimate says little farther out.
constexpr double kMoveMax = 0.5;
// A number's sd never falls below this share of the prior's.
constexpr double kLogSdMin = -7, kLogSdMax = 1;

double bounded(double move) { return std::clamp(move, -kMoveMax, kMoveMax); }

}  // namespace

Factorised::Factorised(const Encoding& encoding) : Family(encoding), choices_(encoding.size()), numbers_(encoding.size()) {
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    if (encoding.is_free(i) && encoding.is_choice(i)) choices_[i] = prior_log_probabilities(encoding, i);
  }
}

void Factorised::ascend(std::span<const Sample> samples, double rate) {
  for (std::size_t i = 0; i < encoding().size(); ++i) {
    if (!encoding().is_free(i)) continue;
    encoding().is_choice(i) ? ascend_choice(i, samples, rate) : ascend_number(i, samples, rate);
  }
}

void Factorised::ascend_choice(std::size_t i, std::span<const Sample> samples, double rate) {
  struct Sums {
    double weight = 0, advantage = 0;
  };
  const Baseline baseline(samples, i);
  if (!(baseline.weight() > 0)) return;
  std::unordered_map<std::size_t, Sums> seen;
  for (const Sample& s : samples) {
    if (s.code->active[i] == 0) continue;
    Sums& sums = seen[s.code->cells[i].index()];
    sums.weight += s.weight;
    sums.advantage += s.weight * baseline.advantage(s);
  }
  for (const auto& [k, sums] : seen) {
    choices_[i][k] += bounded(rate * sums.advantage / (sums.weight + baseline.mean_weight()));
  }
  normalise(choices_[i]);
}

void Factorised::ascend_number(std::size_t i, std::span<const Sample> samples, double rate) {
  const Baseline baseline(samples, i);
  if (!(baseline.weight() > 0)) return;
  Normal& n = numbers_[i];
  const double sd = std::exp(n.log_sd);
  double mean = 0, log_sd = 0;
  for (const Sample& s : samples) {
    if (s.code->active[i] == 0) continue;
    const NormalView view = look(s.code->cells[i], n.mean, sd);
    const double share = s.weight / baseline.weight() * baseline.advantage(s);
    mean += share * view.slope;
    log_sd += share * view.spread / 2;
  }
  n.mean += sd * bounded(rate * mean);
  n.log_sd = std::clamp(n.log_sd + bounded(rate * log_sd), kLogSdMin, kLogSdMax);
}

}  // namespace nascent::vi
