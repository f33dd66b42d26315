#include "auto/choice.hpp"

#include <algorithm>
#include <array>

namespace nascent::automatic {
namespace {

constexpr std::array kGp{Engine::gp};
constexpr std::array kGpAndTpe{Engine::gp, Engine::tpe};
constexpr std::array kTpe{Engine::tpe};
constexpr std::array kTwoModels{Engine::tpe, Engine::surrogate};
constexpr std::array kCmaes{Engine::cmaes};
constexpr std::array kModelAndPopulation{Engine::tpe, Engine::nsga2};

// As many trials as a process of `gp` is conditioned on: beyond, it costs more and knows no more.
constexpr std::uint64_t kProcessUntil = 500;
// As many running trials as a process of `gp` imagines the outcome of: beyond, a suggestion takes longer than a fifth of a
// second.
constexpr std::size_t kProcessParallel = 200;
// From here on densities of good trials know the space well enough to be a second opinion. What was asked for together knows
// nothing of each other, so it takes some rounds as well.
std::uint64_t process_alone(const Situation& s) { return std::max<std::uint64_t>(100, 3 * s.parallel); }
// As many trials as a forest of `surrogate` learns from: beyond, it costs more and knows no more.
constexpr std::uint64_t kForestUntil = 4000;

// Without a better trial for half of the search, and for a hundred trials at least.
bool has_stalled(const Situation& s) { return s.n_since_best >= std::max<std::uint64_t>(100, s.n_told / 2); }

}  // namespace

std::string_view name_of(Engine engine) {
  static constexpr std::array<std::string_view, kEngines> names{"gp", "tpe", "surrogate", "nsga2", "cmaes"};
  return names[static_cast<std::size_t>(engine)];
}

Choice choose(const Situation& s) {
  if (s.fidelity) return {kTpe, "a scheduler: densities learn also from trials that it has stopped or paused"};
  const bool process = has_use(Engine::gp, s), forest = has_use(Engine::surrogate, s);
  if (s.n_objectives > 1) {
    return forest ? Choice{kTwoModels, "several objectives: two models of the front that err differently"}
                  : Choice{kModelAndPopulation, "several objectives, long history: crossover spreads along the front"};
  }
  if (process && s.n_told < process_alone(s)) {
    return {kGp, "one objective, short history: a process makes the most of few trials"};
  }
  if (process) return {kGpAndTpe, "one objective: two models that err differently"};
  if (s.numeric) return {kCmaes, "numbers only, many trials: a normal distribution narrows down to the last digit"};
  if (forest && has_stalled(s)) return {kTwoModels, "no better trial for long: a second model of another kind"};
  return {kTpe, "one objective, many trials: time that does not grow"};
}

bool has_use(Engine engine, const Situation& s) {
  if (s.fidelity) return engine == Engine::tpe;
  if (engine == Engine::gp) return s.n_objectives == 1 && s.n_told < kProcessUntil && s.parallel <= kProcessParallel;
  if (engine == Engine::cmaes) return s.n_objectives == 1 && s.numeric;
  return engine != Engine::surrogate || s.n_told < kForestUntil;
}

}  // namespace nascent::automatic
