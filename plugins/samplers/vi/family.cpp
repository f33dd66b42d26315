#include "family.hpp"

#include <algorithm>
#include <cmath>

namespace nascent::vi {
namespace {

// The choice whose cumulative probability passes u.
std::size_t pick(std::span<const double> log_probability, double u) {
  std::size_t last = 0;
  for (std::size_t k = 0; k < log_probability.size(); ++k) {
    const double p = std::exp(log_probability[k]);
    if (!(p > 0)) continue;
    last = k;
    if (u < p) return k;
    u -= p;
  }
  return last;
}

}  // namespace

void Family::draw(Rng& rng, Row row) const {
  const SpaceView space = encoding_->space();
  Code code{std::vector<Cell>(space.size()), std::vector<std::uint8_t>(space.size())};
  std::vector<double> scratch;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const double u = rng.uniform();
    row.active[i] = code.active[i] = space.is_active(i, row.x, row.active) ? 1 : 0;
    row.x[i] = 0;
    if (row.active[i] == 0) continue;
    if (!encoding_->is_free(i)) {
      row.x[i] = space[i].quantile(u);
    } else if (encoding_->is_choice(i)) {
      row.x[i] = static_cast<double>(pick(choice(i, code, scratch), u));
    } else {
      const Normal n = number(i, code);
      row.x[i] = encoding_->number(i, n.mean + std::exp(n.log_sd) * normal_quantile(std::max(u, 0x1p-54)));
    }
    code.cells[i] = encoding_->cell(i, row.x[i]);
  }
}

double Family::log_ratio(const Code& code) const {
  std::vector<double> scratch;
  double sum = 0;
  for (std::size_t i = 0; i < encoding_->size(); ++i) {
    if (code.active[i] == 0 || !encoding_->is_free(i)) continue;
    if (encoding_->is_choice(i)) {
      const std::size_t k = code.cells[i].index();
      sum += choice(i, code, scratch)[k] - std::log(encoding_->probability(i, k));
    } else {
      const Normal n = number(i, code);
      sum += look(code.cells[i], n.mean, std::exp(n.log_sd)).log_ratio;
    }
  }
  return sum;
}

Baseline::Baseline(std::span<const Sample> samples, std::size_t parameter) {
  for (const Sample& s : samples) {
    if (s.code->active[parameter] == 0) continue;
    weight_ += s.weight;
    reward_ += s.weight * s.reward;
    ++size_;
  }
}

double Baseline::advantage(const Sample& sample) const {
  const double others = weight_ - sample.weight;
  return others > 1e-12 * weight_ ? sample.reward - (reward_ - sample.weight * sample.reward) / others : 0;
}

std::vector<double> prior_log_probabilities(const Encoding& encoding, std::size_t choice) {
  std::vector<double> log_probability(encoding.n_choices(choice));
  for (std::size_t k = 0; k < log_probability.size(); ++k) log_probability[k] = std::log(encoding.probability(choice, k));
  return log_probability;
}

void normalise(std::vector<double>& log_probability) {
  const double top = *std::max_element(log_probability.begin(), log_probability.end());
  double sum = 0;
  for (const double l : log_probability) sum += std::exp(l - top);
  for (double& l : log_probability) l -= top + std::log(sum);
}

double bounded(double move) {
  constexpr double kMoveMax = 0.5;
  return std::clamp(move, -kMoveMax, kMoveMax);
}

double bounded_log_sd(double log_sd) { return std::clamp(log_sd, -7.0, 1.0); }

}  // namespace nascent::vi
