#include "mcmc.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "shared/known.hpp"

namespace nascent::mcmc {
namespace {

// Random numbers of one trial: what is proposed, whether it is accepted, whether states are exchanged.
constexpr std::uint32_t kAcceptStream = 1, kExchangeStream = 2;

constexpr double kNoWeight = -std::numeric_limits<double>::infinity();

Settings settings_of(const Options& given) {
  const auto count = [&](const char* name) { return static_cast<std::size_t>(given.integer(name)); };
  return {given.real("temperature"),
          given.text("temperature_unit") == "absolute" ? samplers::TemperatureUnit::absolute : samplers::TemperatureUnit::spread,
          count("chains"),
          count("rungs"),
          given.real("ladder"),
          count("initial"),
          count("burn_in")};
}

// Whole groups of rungs; one walker more than trials in flight where states are exchanged.
std::size_t walkers_needed(const Settings& settings, std::size_t parallel) {
  const std::size_t in_flight = parallel + (settings.rungs > 1 ? 1 : 0);
  return settings.rungs * std::max(settings.chains, (in_flight + settings.rungs - 1) / settings.rungs);
}

}  // namespace

Mcmc::Mcmc(const Options& given, const SamplerSetup& setup) : Mcmc(settings_of(given), setup) {}

Mcmc::Mcmc(const Settings& settings, const SamplerSetup& setup)
    : settings_(settings),
      host_(setup.host),
      seed_(setup.seed),
      moves_(setup.space),
      utility_(settings.temperature, settings.unit, setup.n_objectives),
      walkers_(walkers_needed(settings, setup.parallel)) {}

double Mcmc::inverse_temperature(std::size_t walker) const {
  return std::pow(settings_.ladder, -static_cast<double>(rung_of(walker)));
}

Proposal Mcmc::propose(const Walker& walker, std::uint64_t trial, Row row) const {
  Rng rng(seed_, trial);
  if (walker.at && round_of(trial) >= settings_.initial) {
    return moves_.propose(samples_[*walker.at].point.row(), walker.steps, rng, row);
  }
  moves_.scale().space().sample(rng, row);
  return {};
}

void Mcmc::ask(const Ask& ask, Row row) { propose(walkers_[walker_of(ask.trial_id)], ask.trial_id, row); }

void Mcmc::tell(const Observation& observation) {
  const std::uint64_t trial = observation.trial_id();
  const std::size_t walker = walker_of(trial);
  const Losses losses = samplers::usable_losses(observation);
  if (losses && (round_of(trial) < settings_.initial || !utility_.has_spread())) utility_.collect(*losses);
  known_.try_emplace(samplers::hash_of(observation.at()), losses);
  step(walker, observation, losses);
  if (rung_of(walker) > 0) exchange(walker, trial);
  ++told_;
  constexpr std::uint64_t kFirstReport = 64;
  if (told_ >= kFirstReport && std::has_single_bit(told_)) report();
}

void Mcmc::step(std::size_t walker, const Observation& observation, const Losses& losses) {
  Walker& w = walkers_[walker];
  if (!w.at) {
    if (losses) w.at = keep(observation.at(), *losses);
    return;
  }
  Point proposed(moves_.scale().size());
  const Proposal proposal = propose(w, observation.trial_id(), proposed.row());
  if (same(proposed.row(), observation.at())) return decide(walker, observation.trial_id(), proposal, observation.at(), losses);
  const auto known = known_.find(samplers::hash_of(proposed.row()));
  if (known != known_.end()) decide(walker, observation.trial_id(), proposal, proposed.row(), known->second);
}

// Metropolis, Rosenbluth, Rosenbluth, Teller, Teller (1953); Hastings, "Monte Carlo sampling methods using Markov chains
// and their applications" (Biometrika 57, 1970).
void Mcmc::decide(std::size_t walker, std::uint64_t trial, const Proposal& proposal, ConstRow row, const Losses& losses) {
  Walker& w = walkers_[walker];
  double log_ratio = kNoWeight;
  if (losses) {
    const double gain = utility_.log_weight(*losses) - utility_.log_weight(samples_[*w.at].losses);
    log_ratio = proposal.log_ratio + inverse_temperature(walker) * gain;
  }
  const bool accepted = std::log(Rng(seed_, trial, kAcceptStream).uniform()) < log_ratio;
  if (accepted && samples_[*w.at].point != Point(row)) w.at = keep(row, *losses);
  if (round_of(trial) < settings_.burn_in) {
    w.tune(proposal, std::exp(std::min(0.0, log_ratio)));
  } else {
    w.moves.count(accepted);
    w.path.push_back(*w.at);
  }
}

// Parallel tempering: Geyer, "Markov chain Monte Carlo maximum likelihood" (Interface 1991); pairs of even and of odd
// rungs take turns (Okabe et al., Chemical Physics Letters 335, 2001).
void Mcmc::exchange(std::size_t hot, std::uint64_t trial) {
  Walker& hotter = walkers_[hot];
  Walker& colder = walkers_[hot - 1];
  if (!hotter.at || !colder.at || (round_of(trial) + rung_of(hot)) % 2 != 0) return;
  const double gain = utility_.log_weight(samples_[*hotter.at].losses) - utility_.log_weight(samples_[*colder.at].losses);
  const double log_ratio = (inverse_temperature(hot - 1) - inverse_temperature(hot)) * gain;
  const bool accepted = std::log(Rng(seed_, trial, kExchangeStream).uniform()) < log_ratio;
  if (accepted) std::swap(hotter.at, colder.at);
  if (round_of(trial) >= settings_.burn_in) colder.swaps.count(accepted);
}

SampleIndex Mcmc::keep(ConstRow row, std::vector<double> losses) {
  samples_.push_back({Point(row), std::move(losses)});
  return static_cast<SampleIndex>(samples_.size() - 1);
}

bool Mcmc::same(ConstRow proposed, ConstRow told) const {
  for (std::size_t i = 0; i < told.x.size(); ++i) {
    if (proposed.active[i] != told.active[i]) return false;
    const nas_param& p = moves_.scale().space().param(i);
    const double tolerance = p.kind == NAS_P_FLOAT ? 1e-9 * std::abs(told.x[i]) + 1e-12 * (p.hi - p.lo) : 0;
    if (!(std::abs(proposed.x[i] - told.x[i]) <= tolerance)) return false;
  }
  return true;
}

}  // namespace nascent::mcmc
