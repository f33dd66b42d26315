#include "nsga2.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "nascent/pareto.hpp"
#include "shared/crossover.hpp"

namespace nascent::nsga2 {

Nsga2::Nsga2(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space), seed_(setup.seed), settings_(settings) {}

Nsga2::Nsga2(const Options& given, const SamplerSetup& setup)
    : Nsga2(Settings{static_cast<std::size_t>(given.integer("population")),
                     given.real("crossover"),
                     {static_cast<std::uint64_t>(given.integer("mutations")), given.real("sigma")}},
            setup) {}

const Point& Nsga2::winner(Rng& rng) const {
  const std::size_t one = rng.below(parents_.points.size()), other = rng.below(parents_.points.size());
  return parents_.points[one == other || ranking_.before(one, other) ? one : other];
}

void Nsga2::ask(const Ask& ask, Row row) {
  Rng rng(seed_, ask.trial_id);
  samplers::propose_unseen(space_, samplers::Taken(known_, ask.pending), rng, row, [&] {
    if (parents_.points.empty()) return space_.sample(rng, row);
    const Point& mother = winner(rng);
    if (rng.uniform() < settings_.crossover) {
      samplers::cross(space_, mother.row(), winner(rng).row(), rng, row);
    } else {
      mother.copy_to(row);
    }
    samplers::mutate(space_, row, settings_.mutation, rng);
  });
}

void Nsga2::tell(const Observation& observation) {
  known_.add(observation.at());
  const auto values = observation.values();
  if (!observation.completed() || !std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    return;
  children_.points.emplace_back(observation.at());
  children_.outcomes.push_back({{values.begin(), values.end()}, pareto::total_violation(observation.constraints())});
  if (children_.points.size() == settings_.population) select();
}

void Nsga2::select() {
  Members all = std::move(parents_);
  std::move(children_.points.begin(), children_.points.end(), std::back_inserter(all.points));
  std::move(children_.outcomes.begin(), children_.outcomes.end(), std::back_inserter(all.outcomes));
  std::vector<std::size_t> chosen = samplers::Ranking(all.outcomes).best_first;
  chosen.resize(settings_.population);
  std::sort(chosen.begin(), chosen.end());  // in the order told
  parents_ = children_ = {};
  for (const std::size_t i : chosen) {
    parents_.points.push_back(std::move(all.points[i]));
    parents_.outcomes.push_back(std::move(all.outcomes[i]));
  }
  ranking_ = samplers::Ranking(parents_.outcomes);
}

}  // namespace nascent::nsga2
