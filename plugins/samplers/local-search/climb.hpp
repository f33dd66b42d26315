// Climbing from a random configuration by better neighbours, until none is left.
#pragma once

#include <vector>

#include "neighbourhood.hpp"
#include "trials.hpp"

namespace nascent::local_search {

// Steps of numbers, as shares of their prior's mass: halved from the first to the last.
struct Steps {
  double first = 0.5;
  double last = 1.0 / 32;
};

// A place where the climb stands.
struct Standpoint {
  std::size_t trial;
  double step;
  std::vector<Move> open;  // moves at this step and coarser ones that nobody has tried
};

// What is known of the current climb. With one objective it stands on the best configuration it met; with several on
// all that are not dominated by another of this climb (Pareto local search: Paquete, Chiarandini, Stuetzle, 2004).
// Every finished trial takes part, whoever proposed it: one that is better becomes a standpoint, and known neighbours
// of a new standpoint are never evaluated again. When the moves of a standpoint are used up its step is halved; when
// all standpoints are used up the climb ends, and the next finished trial begins another.
class Climb {
 public:
  Climb(SpaceView space, std::size_t n_objectives, Steps steps, std::uint64_t seed)
      : space_(space), steps_(steps), seed_(seed), trials_(space.size(), n_objectives) {}

  void add(const Observation& told);
  // Empty between two climbs, and before the first.
  [[nodiscard]] const std::vector<Standpoint>& standpoints() const { return standpoints_; }
  [[nodiscard]] ConstRow row(const Standpoint& s) const { return trials_.row(s.trial); }

 private:
  // Neither dominated by a standpoint nor equal in value to one.
  [[nodiscard]] bool improves(std::size_t trial) const;
  // Stands on `trial` if it improves, and on known neighbours that improve further.
  void climb_to(std::size_t trial, double step);
  [[nodiscard]] std::vector<Move> untried_moves(const Standpoint& from) const;
  void refine();

  SpaceView space_;
  Steps steps_;
  std::uint64_t seed_;
  Trials trials_;
  std::vector<Standpoint> standpoints_;
};

}  // namespace nascent::local_search
