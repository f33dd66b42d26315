#include "evolution.hpp"

#include <algorithm>
#include <cmath>

#include "nascent/pareto.hpp"

namespace nascent::evolution {

Evolution::Evolution(const Options& given, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      capacity_(static_cast<std::size_t>(given.integer("population"))),
      tournament_(static_cast<std::size_t>(given.integer("tournament"))),
      mutation_{static_cast<std::uint64_t>(given.integer("mutations")), given.real("sigma")},
      population_(capacity_) {}

std::size_t Evolution::winner(Rng& rng) const {
  std::size_t best = rng.below(population_.size());
  for (std::size_t i = 1; i < tournament_; ++i) {
    const std::size_t challenger = rng.below(population_.size());
    if (challenger != best && population_.fitter(challenger, best)) best = challenger;
  }
  return best;
}

void Evolution::ask(const Ask& ask, Row row) {
  const bool initial = population_.size() == 0 || population_.size() + ask.pending.size() < capacity_;
  if (!initial) population_.rank();
  Rng rng(seed_, ask.trial_id);
  samplers::propose_unseen(space_, samplers::Taken(known_, ask.pending), rng, row, [&] {
    if (initial) {
      space_.sample(rng, row);
    } else {
      population_[winner(rng)].point.copy_to(row);
      samplers::mutate(space_, row, mutation_, rng);
    }
  });
}

void Evolution::tell(const Observation& observation) {
  known_.add(observation.at());
  if (!observation.completed()) return;
  const auto values = observation.values();
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) return;
  population_.add({observation.trial_id(),
                   Point(observation.at()),
                   {values.begin(), values.end()},
                   pareto::total_violation(observation.constraints())});
}

}  // namespace nascent::evolution
