#include "report/good_trials.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace nascent::core::report {
namespace {

constexpr int kParts = 8;  // of a number's prior

// The parts of one parameter's prior: its levels where they are choices or few, else eighths.
class Parts {
 public:
  explicit Parts(nascent::ParamView param) : param_(param) {
    if (param.is_choice() || (param.levels() > 0 && param.levels() <= kParts)) prior_ = level_priors(param);
  }
  [[nodiscard]] std::uint64_t of(double value) const {
    if (!prior_.empty()) return param_.level_of(value);
    return static_cast<std::uint64_t>(std::clamp(param_.cdf(value) * kParts, 0.0, kParts - 0.5));
  }
  [[nodiscard]] double prior(std::uint64_t part) const { return prior_.empty() ? 1.0 / kParts : prior_[part]; }

 private:
  nascent::ParamView param_;
  std::vector<double> prior_;
};

struct Count {
  double n = 0, prior = 0;
};
using Counts = std::map<std::uint64_t, Count>;

// log probability of the counts under Dirichlet-multinomial with parameters strength * prior, up to a constant.
double log_likelihood(const Counts& counts, double n, double strength) {
  double sum = std::lgamma(strength) - std::lgamma(n + strength);
  for (const auto& [key, c] : counts) sum += std::lgamma(c.n + strength * c.prior) - std::lgamma(strength * c.prior);
  return sum;
}

// Observations that the prior counts as: the most likely number, if that explains the counts better than the prior
// alone by what a further parameter costs (Schwarz, "Estimating the dimension of a model", Annals of Statistics 6(2),
// 1978); else infinity, so that chance does not pass for a preference of the sampler.
double strength_of(const Counts& counts, double n) {
  double best = std::numeric_limits<double>::infinity(), highest = std::log(n) / 2;
  for (const auto& [key, c] : counts) highest += c.n * std::log(c.prior);
  for (double strength = 1; strength <= 1e6; strength *= 4) {
    const double value = log_likelihood(counts, n, strength);
    if (value > highest) {
      highest = value;
      best = strength;
    }
  }
  return best;
}

// Multiplies each trial's weight by prior / proposal of parameter i.
void weigh(nascent::ParamView param, std::size_t i, std::span<const Trial* const> trials,
           std::vector<double>& log_weights) {
  const Parts parts(param);
  Counts counts;
  double n = 0;
  for (const Trial* t : trials) {
    if (t->configuration.active[i] == 0) continue;
    const std::uint64_t part = parts.of(t->configuration.x[i]);
    if (!(parts.prior(part) > 0)) continue;
    counts[part].n += 1;
    counts[part].prior = parts.prior(part);
    n += 1;
  }
  const double strength = strength_of(counts, n);
  for (std::size_t j = 0; j < trials.size(); ++j) {
    if (trials[j]->configuration.active[i] == 0) continue;
    const auto found = counts.find(parts.of(trials[j]->configuration.x[i]));
    if (found == counts.end()) {
      log_weights[j] = -std::numeric_limits<double>::infinity();  // the prior excludes it
    } else if (std::isfinite(strength)) {
      const Count& c = found->second;
      log_weights[j] -= std::log((c.n / c.prior + strength) / (n + strength));
    }
  }
}

constexpr double kLowest = -300;  // log weight beside the highest: far from underflow

// Cuts weights to at most sqrt(n) times their mean, n those that are not 0, as the mean is after the cut: a single
// trial never outweighs all others. Source: Ionides, "Truncated Importance Sampling" (JCGS 17(2), 2008), for its
// sqrt(n).
void truncate(std::vector<double>& weights) {
  const double n = static_cast<double>(std::ranges::count_if(weights, [](double w) { return w > 0; }));
  for (double limit = 1, before = 2; limit < before * (1 - 1e-9);) {
    before = limit;
    limit = std::accumulate(weights.begin(), weights.end(), 0.0) / std::sqrt(n);
    for (double& w : weights) w = std::min(w, limit);
  }
}

struct Scored {
  std::size_t trial = 0;  // position
  std::vector<double> losses;
  double score = 0;
};

// Score: the loss, or the mean rank over several.
void score(std::vector<Scored>& all) {
  const std::size_t n_objectives = all.empty() ? 0 : all[0].losses.size();
  for (std::size_t k = 0; n_objectives == 1 && k < all.size(); ++k) all[k].score = all[k].losses[0];
  for (std::size_t k = 0; n_objectives > 1 && k < n_objectives; ++k) {
    std::vector<double> sorted;
    for (const Scored& s : all) sorted.push_back(s.losses[k]);
    std::sort(sorted.begin(), sorted.end());
    for (Scored& s : all)
      s.score += static_cast<double>(std::lower_bound(sorted.begin(), sorted.end(), s.losses[k]) - sorted.begin());
  }
}

std::vector<Scored> completed_within_constraints(const Scoring& scoring, std::span<const Trial* const> trials) {
  std::vector<Scored> all;
  std::vector<double> violations(scoring.n_constraints());
  for (std::size_t j = 0; j < trials.size(); ++j) {
    Scored s{j, std::vector<double>(scoring.n_objectives()), 0};
    if (trials[j]->state != TrialState::completed || !scoring.losses(trials[j]->metrics, s.losses).empty()) continue;
    if (!scoring.violations(trials[j]->metrics, violations).empty()) continue;
    if (std::ranges::all_of(violations, [](double v) { return v <= 0; })) all.push_back(std::move(s));
  }
  score(all);
  std::ranges::stable_sort(all, {}, &Scored::score);
  return all;
}

}  // namespace

std::vector<double> prior_over_proposal(const StudySpace& space, std::span<const Trial* const> trials) {
  const nascent::SpaceView view(space.view());
  std::vector<double> weights(trials.size());  // logarithms first
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (can_vary(view[i])) weigh(view[i], i, trials, weights);
  }
  if (weights.empty()) return weights;
  const double top = *std::ranges::max_element(weights), n = static_cast<double>(weights.size());
  if (!std::isfinite(top)) return std::vector<double>(weights.size(), 1);
  for (double& w : weights) w = std::isfinite(w) ? std::exp(std::max(w - top, kLowest)) : 0;
  truncate(weights);
  const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / n;
  for (double& w : weights) w /= mean;
  return weights;
}

GoodTrials good_trials(const Scoring& scoring, const StudySpace& space, std::span<const Trial> trials, double share) {
  std::vector<const Trial*> finished;
  for (const Trial& t : trials) {
    if (t.role == TrialRole::search && t.finished()) finished.push_back(&t);
  }
  const std::vector<double> weights = prior_over_proposal(space, finished);
  const std::vector<Scored> ranked = completed_within_constraints(scoring, finished);
  GoodTrials result;
  result.finished = finished.size();
  const double n = static_cast<double>(finished.size());
  double held = 0, squares = 0;
  for (std::size_t k = 0; k < ranked.size(); ++k) {
    const bool tie = k > 0 && ranked[k].score == ranked[k - 1].score;
    const double weight = weights[ranked[k].trial];
    if (k > 0 && !tie && held + weight > share * n) break;
    held += weight;
    squares += weight * weight;
    result.good.rows.push_back(finished[ranked[k].trial]->configuration);
    result.good.weights.push_back(weight);
    const double loss = ranked[k].losses[0];
    if (scoring.n_objectives() == 1)
      result.threshold = scoring.objectives()[0].direction == Direction::maximize ? -loss : loss;
  }
  result.good.n_effective = squares > 0 ? held * held / squares : 0;
  result.good.good_share = n > 0 ? held / n : 0;
  return result;
}

}  // namespace nascent::core::report
