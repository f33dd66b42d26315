#include "factorised.hpp"

#include <cmath>
#include <unordered_map>

namespace nascent::vi {
void ascend_choice(std::vector<double>& log_probability, std::size_t parameter, std::span<const Sample> samples, double rate) {
  struct Sums {
    double weight = 0, advantage = 0;
  };
  const Baseline baseline(samples, parameter);
  if (!(baseline.weight() > 0)) return;
  std::unordered_map<std::size_t, Sums> seen;
  for (const Sample& s : samples) {
    if (s.code->active[parameter] == 0) continue;
    Sums& sums = seen[s.code->cells[parameter].index()];
    sums.weight += s.weight;
    sums.advantage += s.weight * baseline.advantage(s);
  }
  for (const auto& [k, sums] : seen) {
    log_probability[k] += bounded(rate * sums.advantage / (sums.weight + baseline.mean_weight()));
  }
  normalise(log_probability);
}

void ascend_number(Normal& normal, std::size_t parameter, std::span<const Sample> samples, double rate) {
  const Baseline baseline(samples, parameter);
  if (!(baseline.weight() > 0)) return;
  const double sd = std::exp(normal.log_sd);
  double mean = 0, log_sd = 0;
  for (const Sample& s : samples) {
    if (s.code->active[parameter] == 0) continue;
    const NormalView view = look(s.code->cells[parameter], normal.mean, sd);
    const double share = s.weight / baseline.weight() * baseline.advantage(s);
    mean += share * view.slope;
    log_sd += share * view.spread / 2;
  }
  normal.mean += sd * bounded(rate * mean);
  normal.log_sd = bounded_log_sd(normal.log_sd + bounded(rate * log_sd));
}

Factorised::Factorised(const Encoding& encoding) : Family(encoding), choices_(encoding.size()), numbers_(encoding.size()) {
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    if (encoding.is_free(i) && encoding.is_choice(i)) choices_[i] = prior_log_probabilities(encoding, i);
  }
}

void Factorised::ascend(std::span<const Sample> samples, double rate) {
  for (std::size_t i = 0; i < encoding().size(); ++i) {
    if (!encoding().is_free(i)) continue;
    if (encoding().is_choice(i)) {
      ascend_choice(choices_[i], i, samples, rate);
    } else {
      ascend_number(numbers_[i], i, samples, rate);
    }
  }
}

}  // namespace nascent::vi
