#include "asha.hpp"

#include <algorithm>
#include <utility>

#include "shared/best_first.hpp"

namespace nascent::asha {

using schedulers::Curve;

Asha::Asha(const Options& given, const SchedulerSetup& setup)
    : eta_(given.real("eta")),
      rungs_(schedulers::rungs_of(given, setup.budget)),
      pauses_(given.text("form") == "promotion") {}

bool Asha::competes(const Curve& trial, std::size_t rung) const {
  if (trial.reached(rungs_[rung])) return true;
  return trial.state() == TrialState::failed && (rung == 0 || trial.reached(rungs_[rung - 1]));
}

std::size_t Asha::places(std::size_t n) const {
  const auto best = static_cast<std::size_t>(schedulers::floor_of(static_cast<double>(n) / eta_));
  return pauses_ ? best : std::max<std::size_t>(best, 1);
}

std::vector<Curve> Asha::leaders(const std::vector<Curve>& trials, std::size_t rung) const {
  std::vector<Curve> all;
  for (const Curve& t : trials) {
    if (competes(t, rung)) all.push_back(t);
  }
  const std::size_t n = places(all.size());
  return schedulers::best_first(std::move(all), rungs_[rung], n);
}

bool Asha::leads(const Curve& own, const Observations& history, std::size_t rung) const {
  if (own.newest().values().size() == 1) {  // counting is enough
    const schedulers::Standing here(own, rungs_[rung]);
    std::size_t n = 1, ahead = 0;
    schedulers::for_each_curve(history, [&](const Curve& t) {
      if (!competes(t, rung)) return;
      ++n;
      if (schedulers::Standing(t, rungs_[rung]) < here) ++ahead;
    });
    return ahead < places(n);
  }
  std::vector<Curve> all = schedulers::curves_of(history);
  all.push_back(own);
  const std::vector<Curve> leading = leaders(all, rung);
  return std::any_of(leading.begin(), leading.end(), [&](const Curve& t) { return t.trial_id() == own.trial_id(); });
}

Verdict Asha::decide(const Observations& history, const Observations& trial) {
  const Curve own(trial);
  const auto rung = rungs_.arrived(own);
  if (!rung || leads(own, history, *rung)) return Verdict::go;
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
