#include "hyperband.hpp"

#include <cmath>

namespace nascent::hyperband {

std::vector<schedulers::Bracket> round_of(const Options& given, const nas_budget& full) {
  const double eta = given.real("eta");
  const std::size_t s_max = schedulers::rungs_of(given, full).size();
  std::vector<schedulers::Bracket> round;
  for (std::size_t s = s_max + 1; s-- > 0;) {
    const double cut = std::pow(eta, static_cast<double>(s));
    const double trials = schedulers::ceil_of(static_cast<double>(s_max + 1) / static_cast<double>(s + 1) * cut);
    round.push_back({static_cast<std::size_t>(trials), schedulers::Rungs(full.to / cut, eta, full)});
  }
  return round;
}

Hyperband::Hyperband(const Options& given, const SchedulerSetup& setup)
    : brackets_(round_of(given, setup.budget), given.real("eta"), setup.parallel) {}

Verdict Hyperband::decide(const Observations&, const Observations& trial) {
  return brackets_.decide(schedulers::Curve(trial));
}

std::vector<Promotion> Hyperband::poll(const Observations& history) {
  return brackets_.poll(schedulers::curves_of(history)).promotions;
}

std::vector<std::uint64_t> Hyperband::give_up(const Observations& history) {
  return brackets_.poll(schedulers::curves_of(history)).given_up;
}

}  // namespace nascent::hyperband
