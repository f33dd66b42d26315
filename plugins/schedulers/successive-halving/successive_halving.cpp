#include "successive_halving.hpp"

#include <cmath>

namespace nascent::successive_halving {
namespace {

schedulers::Bracket bracket_of(const Options& given, const nas_budget& full) {
  schedulers::Rungs rungs = schedulers::rungs_of(given, full);
  const double trials = given.has("trials")
                            ? static_cast<double>(given.integer("trials"))
                            : schedulers::ceil_of(std::pow(given.real("eta"), static_cast<double>(rungs.size())));
  return {static_cast<std::size_t>(trials), std::move(rungs)};
}

}  // namespace

SuccessiveHalving::SuccessiveHalving(const Options& given, const SchedulerSetup& setup)
    : brackets_({bracket_of(given, setup.budget)}, given.real("eta"), setup.parallel) {}

Verdict SuccessiveHalving::decide(const Observations&, const Observations& trial) {
  return brackets_.decide(schedulers::Curve(trial));
}

std::vector<Promotion> SuccessiveHalving::poll(const Observations& history) {
  return brackets_.poll(schedulers::curves_of(history)).promotions;
}

std::vector<std::uint64_t> SuccessiveHalving::give_up(const Observations& history) {
  return brackets_.poll(schedulers::curves_of(history)).given_up;
}

}  // namespace nascent::successive_halving
