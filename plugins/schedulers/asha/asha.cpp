#include "asha.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/best_first.hpp"

namespace nascent::asha {

using schedulers::Curve;

Asha::Asha(const Options& given, const SchedulerSetup& setup)
    : eta_(given.real("eta")),
      rungs_(schedulers::rungs_of(given, setup.budget)),
      pauses_(given.text("form") == "promotion") {}

// Those of `trials` that may go on past a rung, best first. A trial that failed on the way to the rung is the worst
// there.
std::vector<Curve> Asha::leaders(std::vector<Curve> trials, std::size_t rung) const {
  std::erase_if(trials, [&](const Curve& t) {
    const bool failed_on_the_way = t.state() == TrialState::failed && (rung == 0 || t.reached(rungs_[rung - 1]));
    return !t.reached(rungs_[rung]) && !failed_on_the_way;
  });
  auto n = static_cast<std::size_t>(schedulers::floor_of(static_cast<double>(trials.size()) / eta_));
  if (!pauses_) n = std::max<std::size_t>(n, 1);
  trials = schedulers::best_first(std::move(trials), rungs_[rung]);
  trials.erase(trials.begin() + std::min(static_cast<std::ptrdiff_t>(n), std::ssize(trials)), trials.end());
  return trials;
}

Verdict Asha::decide(const Observations& history, const Observations& trial) {
  const Curve own(trial);
  const auto rung = rungs_.arrived(own);
  if (!rung) return Verdict::go;
  std::vector<Curve> all = schedulers::curves_of(history);
  all.push_back(own);
  for (const Curve& leader : leaders(std::move(all), *rung)) {
    if (leader.trial_id() == own.trial_id()) return Verdict::go;
  }
  return pauses_ ? Verdict::pause : Verdict::stop;
}

std::vector<Promotion> Asha::poll(const Observations& history) {
  std::vector<Promotion> due;
  if (!pauses_) return due;
  const std::vector<Curve> all = schedulers::curves_of(history);
  for (std::size_t rung = rungs_.size(); rung-- > 0;) {  // who is nearest to the full budget first
    for (const Curve& leader : leaders(all, rung)) {
      if (leader.state() == TrialState::paused && !leader.reached(rungs_[rung + 1]))
        due.push_back({leader.trial_id(), rungs_[rung + 1]});
    }
  }
  return due;
}

}  // namespace nascent::asha
