#include "evolution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "nascent/pareto.hpp"

namespace nascent::evolution {
namespace {

// Proposals that repeat a known or pending configuration are drawn again, this often; then a repeat is taken, since a
// small space may have nothing else left.
constexpr int kAttemptsMax = 32;

// FNV-1a over mask and values. A collision costs one needless redraw.
std::uint64_t hash_of(ConstRow row) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (std::size_t i = 0; i < row.x.size(); ++i) {
    hash = (hash ^ row.active[i]) * 0x100000001b3U;
    hash = (hash ^ std::bit_cast<std::uint64_t>(row.x[i])) * 0x100000001b3U;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

Evolution::Evolution(const Options& given, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      capacity_(static_cast<std::size_t>(given.integer("population"))),
      tournament_(static_cast<std::size_t>(given.integer("tournament"))),
      mutation_{static_cast<std::uint64_t>(given.integer("mutations")), given.real("sigma")},
      population_(capacity_) {
  if (tournament_ > capacity_) {
    throw InvalidOption("tournament", "tournament is " + std::to_string(tournament_) +
                                          ", more than the population of " + std::to_string(capacity_) +
                                          "; draw at most as many as live");
  }
}

std::size_t Evolution::winner(Rng& rng) const {
  std::size_t best = rng.below(population_.size());
  for (std::size_t i = 1; i < tournament_; ++i) {
    const std::size_t challenger = rng.below(population_.size());
    if (challenger != best && population_.fitter(challenger, best)) best = challenger;
  }
  return best;
}

void Evolution::ask(const Ask& ask, Row row) {
  std::unordered_set<std::uint64_t> pending;
  for (std::size_t i = 0; i < ask.pending.size(); ++i) pending.insert(hash_of(ask.pending[i].at()));
  const bool initial = population_.size() == 0 || population_.size() + ask.pending.size() < capacity_;
  if (!initial) population_.rank();
  Rng rng(seed_, ask.trial_id);
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (initial) {
      space_.sample(rng, row);
    } else {
      population_[winner(rng)].point.copy_to(row);
      mutate(space_, row, mutation_, rng);
    }
    const std::uint64_t hash = hash_of(row);
    if (!known_.contains(hash) && !pending.contains(hash)) return;
  }
}

void Evolution::tell(const Observation& observation) {
  known_.insert(hash_of(observation.at()));
  if (!observation.completed()) return;
  const auto values = observation.values();
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) return;
  population_.add({observation.trial_id(),
                   Point(observation.at()),
                   {values.begin(), values.end()},
                   pareto::total_violation(observation.constraints())});
}

}  // namespace nascent::evolution
