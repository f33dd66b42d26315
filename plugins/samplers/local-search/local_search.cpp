#include "local_search.hpp"

#include <algorithm>

namespace nascent::local_search {

LocalSearch::LocalSearch(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      climb_(setup.space, setup.n_objectives, settings, derive_seed(setup.seed, 1)) {
  if (settings.last > settings.first) {
    throw InvalidOption("last_step", "last_step is " + std::to_string(settings.last) +
                                         ", more than first_step, which is " + std::to_string(settings.first) +
                                         "; steps become smaller");
  }
}

void LocalSearch::ask(const Ask& ask, Row row) {
  struct Neighbour {
    const Standpoint* from;
    Move move;
  };
  std::vector<Neighbour> open;
  for (const Standpoint& s : climb_.standpoints()) {
    std::vector<Move> moves = s.open;
    for (std::size_t i = 0; i < ask.pending.size(); ++i) {
      if (const auto running = move_between(climb_.row(s), ask.pending[i].at())) std::erase(moves, *running);
    }
    for (const Move& move : moves) open.push_back({&s, move});
  }
  Rng rng(seed_, ask.trial_id);
  samplers::propose_unseen(space_, samplers::Taken(known_, ask.pending), rng, row, [&] {
    if (open.empty()) return space_.sample(rng, row);
    const auto& [from, move] = open[rng.below(open.size())];
    Point(climb_.row(*from)).copy_to(row);
    row.x[move.parameter] = move.value;
    space_.repair(rng, row);
  });
}

void LocalSearch::tell(const Observation& observation) {
  known_.add(observation.at());
  climb_.add(observation);
}

}  // namespace nascent::local_search
