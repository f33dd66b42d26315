// A study in little for schedulers under test: workers that train, pause, and go on where the scheduler promotes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "nascent/scheduler.hpp"
#include "support/observations.hpp"

namespace nascent::test {

// Each turn every busy worker trains one unit and reports; a free one takes a promotion, else a new trial. The
// scheduler sees all reports there are. Fails the test when a trial is promoted that is not paused, or twice to one
// budget. Where the scheduler keeps a population, its forks come first, and only so many trials begin as it admits.
class SmallStudy {
 public:
  // Values of a trial at a budget; none: it fails there, before the report.
  using Curves = std::function<std::optional<std::vector<double>>(std::uint64_t trial, double budget)>;
  struct Trial {
    TrialState state = TrialState::pending;
    std::vector<std::pair<double, std::vector<double>>> reports{};
    std::optional<std::uint64_t> parent{};  // whose last report is the first
  };

  SmallStudy(Scheduler& scheduler, std::size_t workers, double full_budget, Curves curves, std::size_t n_objectives = 1)
      : scheduler_(scheduler),
        workers_(workers),
        full_budget_(full_budget),
        curves_(std::move(curves)),
        n_objectives_(n_objectives) {}

  // Until `n` trials were begun and nothing runs or is promoted any more.
  void run(std::size_t n) {
    while (true) {
      while (running_.size() < workers_ && begin_one(n)) continue;
      if (running_.empty()) return;
      for (const std::uint64_t trial : std::set(running_)) step(trial);
    }
  }

  [[nodiscard]] History history(std::optional<std::uint64_t> but = std::nullopt) const {
    History h(n_objectives_);
    for (const auto& [id, trial] : trials) {
      for (const auto& [budget, values] : trial.reports) {
        if (id != but) h.report(id, trial.state, budget, values, trial.parent.value_or(NAS_NO_TRIAL));
      }
    }
    return h;
  }
  // Of the trials first to last - 1.
  [[nodiscard]] std::size_t count_at(double budget, std::uint64_t first = 0,
                                     std::uint64_t last = ~std::uint64_t{0}) const {
    std::size_t n = 0;
    for (const auto& [id, trial] : trials) {
      if (id >= first && id < last && !trial.reports.empty() && trial.reports.back().first >= budget) ++n;
    }
    return n;
  }
  [[nodiscard]] std::size_t count(TrialState state) const {
    std::size_t n = 0;
    for (const auto& [id, trial] : trials) n += trial.state == state ? 1 : 0;
    return n;
  }

  std::map<std::uint64_t, Trial> trials;
  std::vector<Promotion> promotions;

 private:
  bool begin_one(std::size_t n) {
    History seen = history();
    auto* population = dynamic_cast<PopulationScheduler*>(&scheduler_);
    if (population != nullptr) {
      for (const std::uint64_t trial : population->give_up(seen.view())) trials.at(trial).state = TrialState::pruned;
      seen = history();
      for (const std::uint64_t parent : population->fork(seen.view())) {
        EXPECT_EQ(trials.at(parent).state, TrialState::paused) << "trial " << parent;
        running_.insert(trials.size());
        trials[trials.size()] = {TrialState::pending, {trials.at(parent).reports.back()}, parent};
        return true;
      }
    }
    for (const Promotion& p : scheduler_.poll(seen.view())) {
      EXPECT_EQ(trials.at(p.trial_id).state, TrialState::paused) << "trial " << p.trial_id;
      EXPECT_TRUE(promoted_.emplace(p.trial_id, p.budget).second) << p.trial_id << " to " << p.budget << ", again";
      EXPECT_LE(p.budget, full_budget_);
      promotions.push_back(p);
      trials[p.trial_id].state = TrialState::pending;
      running_.insert(p.trial_id);
      return true;
    }
    if (trials.size() >= n) return false;
    if (population != nullptr && population->admits(seen.view(), begun_) == 0) return false;
    ++begun_;
    running_.insert(trials.size());
    trials[trials.size()];
    return true;
  }

  void step(std::uint64_t id) {
    Trial& trial = trials[id];
    const double budget = trial.reports.empty() ? 1 : trial.reports.back().first + 1;
    if (const auto values = curves_(id, budget)) {
      trial.reports.emplace_back(budget, *values);
      History seen = history(id), own(n_objectives_);
      for (const auto& [b, v] : trial.reports) own.report(id, TrialState::pending, b, v, trial.parent.value_or(NAS_NO_TRIAL));
      const Verdict verdict = scheduler_.decide(seen.view(), own.view());
      if (verdict == Verdict::stop) trial.state = TrialState::pruned;
      if (verdict == Verdict::pause) trial.state = TrialState::paused;
      if (verdict == Verdict::go && budget >= full_budget_) trial.state = TrialState::completed;
    } else {
      trial.state = TrialState::failed;
    }
    if (trial.state != TrialState::pending) running_.erase(id);
  }

  Scheduler& scheduler_;
  std::size_t workers_;
  double full_budget_;
  Curves curves_;
  std::size_t n_objectives_;
  std::size_t begun_ = 0;  // not forked
  std::set<std::uint64_t> running_;
  std::set<std::pair<std::uint64_t, double>> promoted_;
};

}  // namespace nascent::test
