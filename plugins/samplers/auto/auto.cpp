#include "auto/auto.hpp"

#include <algorithm>
#include <string>

#include "cmaes/cmaes.hpp"
#include "gp/gp.hpp"
#include "nsga2/nsga2.hpp"
#include "surrogate/surrogate.hpp"
#include "tpe/tpe.hpp"

namespace nascent::automatic {
namespace {

bool has_continuous(SpaceView space) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (space[i].levels() == 0) return true;
  }
  return false;
}

// A covariance of more parameters takes longer to learn than any search of networks has trials.
constexpr std::size_t kNumericMost = 200;

bool is_numeric(SpaceView space) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (space[i].is_choice() || space[i].raw().cond_count > 0) return false;
  }
  return space.size() <= kNumericMost;
}

// A forest is constant over a cell of numbers: expected improvement then proposes neighbours of the best again and
// again, and draws from the prediction do not. Where all values are distinct, nothing is tried twice.
surrogate::Settings surrogate_settings(SpaceView space) {
  surrogate::Settings s;
  s.acquisition =
      has_continuous(space) ? surrogate::Acquisition::thompson : surrogate::Acquisition::expected_improvement;
  return s;
}

// Of a short search at most a third is drawn blindly.
gp::Settings process_settings(std::uint64_t trials_max) {
  gp::Settings s;
  if (trials_max > 0) s.initial = std::clamp<std::uint64_t>(trials_max / 3, 1, s.initial);
  return s;
}

std::unique_ptr<Sampler> make(Engine engine, const SamplerSetup& setup) {
  switch (engine) {
    case Engine::gp:
      return std::make_unique<gp::GaussianProcessSearch>(process_settings(setup.trials_max), setup);
    case Engine::tpe:
      return std::make_unique<tpe::Tpe>(tpe::Settings{}, setup);
    case Engine::surrogate:
      return std::make_unique<surrogate::Surrogate>(surrogate_settings(setup.space), setup);
    case Engine::nsga2:
      return std::make_unique<nsga2::Nsga2>(nsga2::Settings{}, setup);
    default:
      return std::make_unique<cmaes::CmaEs>(cmaes::Settings{}, setup);
  }
}

}  // namespace

Auto::Auto(const Options&, const SamplerSetup& setup)
    : host_(setup.host), situation_{.n_objectives = setup.n_objectives, .numeric = is_numeric(setup.space), .fidelity = setup.budget.to > 0, .parallel = setup.parallel} {
  for (std::size_t i = 0; i < kEngines; ++i) {
    if (const auto engine = static_cast<Engine>(i); has_use(engine, situation_)) engines_[i] = make(engine, setup);
  }
}

void Auto::ask(const Ask& ask, Row row) {
  const Choice choice = choose(situation_);
  if (choice.why != logged_) {
    std::string names;
    for (const Engine engine : choice.turns) names.append(names.empty() ? "" : ",").append(name_of(engine));
    host_.log(
        NAS_LOG_INFO, about.alias,
        "engine=" + names + " trial=" + std::to_string(ask.trial_id) + " why=\"" + std::string(choice.why) + "\"");
    logged_ = choice.why;
  }
  engines_[static_cast<std::size_t>(choice.of_trial(ask.trial_id))]->ask(ask, row);
}

void Auto::tell_report(const Observation& report) {
  for (const auto& engine : engines_) {
    if (engine) engine->tell_report(report);
  }
}

void Auto::tell(const Observation& observation) {
  for (std::size_t i = 0; i < kEngines; ++i) {
    if (!has_use(static_cast<Engine>(i), situation_)) engines_[i].reset();
    if (engines_[i]) engines_[i]->tell(observation);
  }
  ++situation_.n_told;
  ++situation_.n_since_best;
  if (observation.completed() && observation.feasible() && observation.value() < lowest_) {
    lowest_ = observation.value();
    situation_.n_since_best = 0;
  }
}

}  // namespace nascent::automatic
