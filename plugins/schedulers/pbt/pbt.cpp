#include "pbt.hpp"

#include <string>

#include "nascent/rng.hpp"
#include "shared/rungs.hpp"

namespace nascent::pbt {
namespace {

constexpr std::uint32_t kExploreStream = 2;

bool can_change(ParamView param) { return param.levels() != 1 && param.raw().hi > param.raw().lo; }

Rules rules_of(const Options& given, const SchedulerSetup& setup) {
  const nas_budget& full = setup.budget;
  if (!(full.to > 0)) throw Error(NAS_E_INVALID, "generations divide the budget of a trial; give one in [budget]");
  if (full.unit == NAS_UNIT_FRACTION) {
    throw Error(NAS_E_INVALID, "a population trains on from checkpoints, and more data is another training; give the budget in epochs, steps or seconds");
  }
  double interval = given.has("interval") ? given.real("interval") : full.to / 10;
  if (full.unit != NAS_UNIT_SECOND) interval = schedulers::ceil_of(interval);
  if (!(interval < full.to)) {
    throw InvalidOption("interval", "the first generation would stand at " + std::to_string(interval) + "; it has to be below the full budget, " +
                                        std::to_string(full.to));
  }
  return {static_cast<std::size_t>(given.integer("population")), interval, full.to, given.real("quantile"), setup.seed};
}

double neighbour(ParamView param, double value, bool up) {
  const std::uint64_t here = param.level_of(value), last = param.levels() - 1;
  for (const bool upwards : {up, !up}) {
    for (std::uint64_t k = here; upwards ? k < last : k > 0;) {
      k = upwards ? k + 1 : k - 1;
      if (param.is_possible(k)) return param.level(k);
    }
  }
  return value;
}

double perturbed(ParamView param, double value, double perturb, bool up) {
  if (param.is_categorical()) return value;
  if (param.is_choice()) return neighbour(param, value, up);
  const double moved = param.clamp(value * (up ? 1 + perturb : 1 - perturb));
  const bool fell_between_levels = moved == value && param.levels() > 0 && value != 0 && (up ? value < param.raw().hi : value > param.raw().lo);
  return fell_between_levels ? neighbour(param, value, up) : moved;
}

}  // namespace

Pbt::Pbt(const Options& given, const SchedulerSetup& setup)
    : PopulationScheduler(setup),
      rules_(rules_of(given, setup)),
      n_architecture_params_(setup.n_architecture_params),
      perturb_(given.real("perturb")),
      resample_(given.real("resample")) {
  bool changes = space().size() == 0;  // not known yet
  for (std::size_t i = n_architecture_params_; i < space().size(); ++i) changes = changes || can_change(space()[i]);
  if (!changes) {
    throw Error(NAS_E_INVALID, "a population changes options while it trains, and this study searches architectures only; search an option "
                               "as well, for instance trainer.learning_rate = { log_uniform = [1e-4, 1e-1] }, or take another scheduler");
  }
}

Verdict Pbt::decide(const Observations&, const Observations& trial) {
  const schedulers::Curve curve(trial);
  if (curve.reached(rules_.budget)) return Verdict::go;
  const std::size_t now = rules_.generation_at(curve.newest().budget());
  const std::size_t before = curve.size() > 1 ? rules_.generation_at(curve[curve.size() - 2].budget()) : 0;
  return now > before ? Verdict::pause : Verdict::go;
}

std::vector<Promotion> Pbt::poll(const Observations& history) { return pbt::decide(history, rules_).promotions; }

std::vector<std::uint64_t> Pbt::give_up(const Observations& history) { return pbt::decide(history, rules_).out; }

std::vector<std::uint64_t> Pbt::fork(const Observations& history) { return pbt::decide(history, rules_).parents; }

std::uint64_t Pbt::admits(const Observations& history, std::uint64_t n_begun) { return pbt::admits(history, rules_, n_begun); }

// In order of declaration, so that a parameter's conditions are decided before it.
void Pbt::explore(std::uint64_t trial_id, Row row) {
  Rng rng(rules_.seed, trial_id, kExploreStream);
  for (std::size_t i = n_architecture_params_; i < space().size(); ++i) {
    const double chance = rng.uniform(), anew = rng.uniform();
    const bool up = rng.uniform() < 0.5;
    const bool was_active = row.active[i] != 0, is_active = space().is_active(i, row.x, row.active);
    const ParamView param = space()[i];
    row.active[i] = is_active ? 1 : 0;
    if (!is_active) {
      row.x[i] = 0;
    } else if (!was_active || chance < resample_) {
      row.x[i] = param.quantile(anew);
    } else if (can_change(param)) {
      row.x[i] = perturbed(param, row.x[i], perturb_, up);
    }
  }
}

}  // namespace nascent::pbt
