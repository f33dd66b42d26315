#include "cmaes.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>

#include "nascent/pareto.hpp"

namespace nascent::cmaes {
namespace {

// A run ends when deviations are below this share of the first one, when values differ by less, or above this condition
// of the covariance. Hansen 2016, appendix B.3.
constexpr double kTolX = 1e-12, kTolFun = 1e-12, kConditionMax = 1e14;

std::size_t first_population(const Settings& settings, std::size_t n) {
  if (settings.population == 0) return default_population(n);
  if (settings.population >= 4) return settings.population;
  throw Error(NAS_E_INVALID, "option 'population' is " + std::to_string(settings.population) +
                                 "; CMA-ES needs at least 4 trials a generation, or 0 to choose their number");
}

std::optional<samplers::Outcome> outcome_of(const Observation& observation) {
  const auto values = observation.values();
  const bool finite = std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  if (!observation.completed() || !finite) return std::nullopt;
  return samplers::Outcome{{values.begin(), values.end()}, pareto::total_violation(observation.constraints())};
}

}  // namespace

CmaEs::CmaEs(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      parallel_(setup.parallel),
      settings_(settings),
      coordinates_(setup.space),
      strategy_(std::max<std::size_t>(1, static_cast<std::size_t>(coordinates_.size())),
                first_population(settings, static_cast<std::size_t>(coordinates_.size()))),
      distribution_(strategy_, Vector::Zero(coordinates_.size()), settings.sigma) {
  apply_margin();
}

CmaEs::CmaEs(const Options& given, const SamplerSetup& setup)
    : CmaEs(Settings{static_cast<std::size_t>(given.integer("population")), given.real("sigma"), given.real("growth")},
            setup) {}

Vector CmaEs::noise(Rng& rng) const {
  Vector noise(coordinates_.size());
  for (double& z : noise) z = rng.normal();
  return noise;
}

void CmaEs::ask(const Ask& ask, Row row) {
  Rng rng(seed_, ask.trial_id);
  samplers::propose_unseen(space_, samplers::Taken(known_, ask.pending), rng, row,
                           [&] { coordinates_.decode(distribution_.point(noise(rng)), row); });
}

void CmaEs::tell(const Observation& observation) {
  known_.add(observation.at());
  if (observation.trial_id() < first_of_run_ || coordinates_.size() == 0) return;
  const std::optional<samplers::Outcome> outcome = outcome_of(observation);
  if (!outcome && generation_.unranked.size() >= strategy_.lambda - strategy_.mu) return;
  Rng rng(seed_, observation.trial_id());
  const Vector drawn = distribution_.point(noise(rng));
  Vector point = coordinates_.encode(observation.at(), drawn);
  if (point != drawn) point = distribution_.within_reach(point);
  (outcome ? generation_.ranked : generation_.unranked).push_back(std::move(point));
  if (outcome) generation_.outcomes.push_back(*outcome);
  if (generation_.ranked.size() + generation_.unranked.size() == strategy_.lambda)
    finish_generation(observation.trial_id());
}

void CmaEs::finish_generation(std::uint64_t trial) {
  std::vector<Vector> best_first;
  for (const std::size_t i : samplers::Ranking(generation_.outcomes).best_first)
    best_first.push_back(std::move(generation_.ranked[i]));
  std::move(generation_.unranked.begin(), generation_.unranked.end(), std::back_inserter(best_first));
  distribution_.update(best_first);
  apply_margin();
  const bool over = is_flat(generation_.outcomes) || converged();
  generation_ = {};
  if (!over) return;
  ++restarts_;
  const double grown = settings_.growth * static_cast<double>(strategy_.lambda);
  strategy_ = Strategy(static_cast<std::size_t>(coordinates_.size()), static_cast<std::size_t>(grown));
  Point start(space_.size());
  Rng rng(derive_seed(seed_, restarts_));
  space_.sample(rng, start.row());
  distribution_ =
      Distribution(strategy_, coordinates_.encode(start.row(), Vector::Zero(coordinates_.size())), settings_.sigma);
  apply_margin();
  best_values_.clear();
  first_of_run_ = trial + std::max<std::size_t>(parallel_, 1);
}

double CmaEs::margin() const {
  return 1 / (static_cast<double>(coordinates_.size()) * static_cast<double>(strategy_.lambda));
}

void CmaEs::apply_margin() {
  for (Eigen::Index i = 0; i < coordinates_.size(); ++i) {
    if (!coordinates_.is_discrete(i)) continue;
    const Marginal now{distribution_.mean()[i], distribution_.deviation(i)};
    const Marginal wanted = with_margin(now, coordinates_.cell_at(i, now.mean), margin());
    distribution_.set_marginal(i, wanted.mean, wanted.deviation);
  }
}

bool CmaEs::converged() const {
  if (distribution_.condition() > kConditionMax) return true;
  for (Eigen::Index i = 0; i < coordinates_.size(); ++i) {
    const Marginal now{distribution_.mean()[i], distribution_.deviation(i)};
    const bool settled = coordinates_.is_discrete(i)
                             ? probability_outside(now, coordinates_.cell_at(i, now.mean)) <= 1.01 * margin()
                             : now.deviation <= kTolX * settings_.sigma;
    if (!settled) return false;
  }
  return true;
}

bool CmaEs::is_flat(const std::vector<samplers::Outcome>& outcomes) {
  if (outcomes.front().values.size() != 1) return false;
  const auto by_value = [](const samplers::Outcome& a, const samplers::Outcome& b) { return a.values < b.values; };
  const auto [lowest, highest] = std::minmax_element(outcomes.begin(), outcomes.end(), by_value);
  const auto n = static_cast<double>(coordinates_.size());
  const auto window = static_cast<std::size_t>(10 + std::ceil(30 * n / static_cast<double>(strategy_.lambda)));
  best_values_.push_back(lowest->values[0]);
  if (best_values_.size() > window) best_values_.pop_front();
  if (best_values_.size() < window || highest->values[0] - lowest->values[0] > kTolFun) return false;
  const auto [least, most] = std::minmax_element(best_values_.begin(), best_values_.end());
  return *most - *least <= kTolFun;
}

}  // namespace nascent::cmaes
