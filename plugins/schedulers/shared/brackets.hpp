// Synchronous successive halving in brackets of a fixed number of trials.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "shared/best_first.hpp"
#include "shared/rungs.hpp"

namespace nascent::schedulers {

// `trials` trials train to the first rung; the best floor(trials / eta^k) of them go on from rung k - 1 to rung k.
struct Bracket {
  std::size_t trials;
  Rungs rungs;
};

// Brackets one after the other, round after round; a trial's bracket follows from its id alone. Each trial pauses at
// each rung, and the best are promoted when nobody is still on the way to it. A trial that ends before a rung is the
// worst there, and nobody waits for it. Source: Jamieson, Talwalkar, "Non-stochastic Best Arm Identification and
// Hyperparameter Optimization" (AISTATS 2016); with the numbers of Li et al. (JMLR 18, 2018), algorithm 1.
class Brackets {
 public:
  Brackets(std::vector<Bracket> round, double eta, std::size_t parallel)
      : round_(std::move(round)), eta_(eta), parallel_(std::max<std::size_t>(parallel, 1)) {
    for (const Bracket& b : round_) trials_per_round_ += b.trials;
  }

  [[nodiscard]] Verdict decide(const Curve& trial) const {
    return place_of(trial.trial_id()).bracket.rungs.arrived(trial) ? Verdict::pause : Verdict::go;
  }

  // Of paused trials.
  struct Due {
    std::vector<Promotion> promotions;
    std::vector<std::uint64_t> given_up;  // a rung that is complete has no more places for them
  };
  [[nodiscard]] Due poll(const std::vector<Curve>& history) const {
    const std::uint64_t lost_below = this->lost_below(history);
    Due due;
    for (auto t = history.begin(); t != history.end();) {
      const Place place = place_of(t->trial_id());
      const std::uint64_t end = place.first + place.bracket.trials;
      const auto next = std::find_if(t, history.end(), [end](const Curve& c) { return c.trial_id() >= end; });
      const bool any_paused = std::any_of(t, next, [](const Curve& c) { return c.state() == TrialState::paused; });
      // Ids without a report, from `lost_below` on, may belong to trials that have just begun.
      const std::uint64_t from = std::clamp(lost_below, place.first, end);
      const auto seen = std::count_if(t, next, [from](const Curve& c) { return c.trial_id() >= from; });
      const bool all_seen = static_cast<std::uint64_t>(seen) == end - from;
      if (any_paused) promote(place.bracket, std::vector<Curve>(t, next), all_seen, due);
      t = next;
    }
    return due;
  }

 private:
  struct Place {
    const Bracket& bracket;
    std::uint64_t first;  // trial id
  };
  [[nodiscard]] Place place_of(std::uint64_t trial) const {
    std::uint64_t first = trial - trial % trials_per_round_;
    std::size_t b = 0;
    for (; trial >= first + round_[b].trials; ++b) first += round_[b].trials;
    return {round_[b], first};
  }

  static bool ended(const Curve& trial) {
    return trial.state() != TrialState::pending && trial.state() != TrialState::paused;
  }

  // An id need not belong to a trial that is judged: a study that goes on after its final trainings leaves theirs out. An
  // id below the one returned that the history does not hold is given up: since it was given out, as many later trials as
  // run at once have come to their first rung, so that it had the time of two. Should it come after all, it is ranked with
  // the others.
  [[nodiscard]] std::uint64_t lost_below(const std::vector<Curve>& history) const {
    std::size_t later = 0;
    for (auto t = history.rbegin(); t != history.rend(); ++t) {
      if (ended(*t) || t->reached(place_of(t->trial_id()).bracket.rungs[0])) ++later;
      if (later == parallel_) return t->trial_id();
    }
    return 0;
  }

  void promote(const Bracket& bracket, std::vector<Curve> contenders, bool all_seen, Due& due) const {
    for (std::size_t k = 0; k <= bracket.rungs.size(); ++k) {
      const double rung = bracket.rungs[k];
      bool complete = all_seen;
      for (const Curve& trial : contenders) {
        if (trial.reached(rung) || ended(trial)) continue;
        complete = false;
        if (trial.state() == TrialState::paused) due.promotions.push_back({trial.trial_id(), rung});
      }
      if (!complete) return;
      const auto keep = static_cast<std::ptrdiff_t>(
          std::max(1.0, floor_of(static_cast<double>(bracket.trials) / std::pow(eta_, static_cast<double>(k + 1)))));
      contenders = best_first(std::move(contenders), rung);
      const auto out = contenders.begin() + std::min(keep, std::ssize(contenders));
      for (auto trial = out; trial != contenders.end(); ++trial) {
        if (trial->state() == TrialState::paused) due.given_up.push_back(trial->trial_id());
      }
      contenders.erase(out, contenders.end());
    }
  }

  std::vector<Bracket> round_;
  double eta_;
  std::size_t parallel_;
  std::uint64_t trials_per_round_ = 0;
};

}  // namespace nascent::schedulers
