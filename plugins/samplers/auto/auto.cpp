#include "auto/auto.hpp"

#include <string>

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

// A forest is constant over a cell of numbers: expected improvement then proposes neighbours of the best again and
// again, and draws from the prediction do not. Where all values are distinct, nothing is tried twice.
surrogate::Settings surrogate_settings(SpaceView space) {
  surrogate::Settings s;
  s.acquisition =
      has_continuous(space) ? surrogate::Acquisition::thompson : surrogate::Acquisition::expected_improvement;
  return s;
}

}  // namespace

Auto::Auto(const Options&, const SamplerSetup& setup)
    : host_(setup.host),
      engines_{std::make_unique<gp::GaussianProcessSearch>(gp::Settings{}, setup),
               std::make_unique<tpe::Tpe>(tpe::Settings{}, setup),
               std::make_unique<surrogate::Surrogate>(surrogate_settings(setup.space), setup),
               std::make_unique<nsga2::Nsga2>(nsga2::Settings{}, setup)} {
  situation_.n_objectives = setup.n_objectives;
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
