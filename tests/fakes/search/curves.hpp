// A trainer that makes learning curves out of nothing, and a scheduler that notes what it was shown.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <nascent/rng.hpp>
#include <nascent/scheduler.hpp>
#include <nascent/trainer.hpp>
#include <set>
#include <tuple>
#include <vector>

namespace nascent::fakes {

class Curves : public nascent::Trainer {
 public:
  static constexpr nascent::About about{"test.trainer.curves", "curves", "1.0.0", "Learning curves from a formula"};
  static constexpr std::array options{nascent::option("rate", "best at 0.1").real(1e-6, 1).otherwise(0.1).searchable()};

  static inline double drift = 0;  // added to every loss, as if the trainer's code had changed
  static inline int trained = 0;
  static inline std::function<void(const nascent::Task&)> on_begin;  // from the trial's thread

  explicit Curves(const nascent::Options&) {}
  std::unique_ptr<nascent::Model> train(const nascent::Task& task, const nascent::TrainRequest& request) override {
    ++trained;
    if (on_begin) on_begin(task);
    const double miss = std::log10(request.options.real("rate")) + 1;
    nascent::Rng noise(task.seed());
    for (double epoch = 1; epoch <= request.budget.to; ++epoch) {
      const std::array metrics{nascent::MetricValue{"val_loss", miss * miss + 1 / epoch + 0.01 * noise.uniform() + drift},
                               nascent::MetricValue{"epoch_seconds", epoch}};
      if (task.report(epoch, metrics) != nascent::Verdict::go) break;
    }
    return nullptr;
  }
};

// Stops a trial at its second report when it is worse than the best it was shown; writes down what that was.
class Onlooker : public nascent::Scheduler {
 public:
  static constexpr nascent::About about{"test.scheduler.onlooker", "onlooker", "1.0.0", "Stops what is not the best"};
  struct Sight {
    std::uint64_t trial;
    std::size_t own_reports;
    std::set<std::uint64_t> others;
  };
  static inline std::vector<Sight> sights;

  explicit Onlooker(const nascent::Options&) {}
  nascent::Verdict decide(const nascent::Observations& history, const nascent::Observations& trial) override {
    const nascent::Observation newest = trial[trial.size() - 1];
    Sight sight{newest.trial_id(), trial.size(), {}};
    double best = newest.value();
    for (std::size_t i = 0; i < history.size(); ++i) {
      sight.others.insert(history[i].trial_id());
      if (history[i].budget() == newest.budget()) best = std::min(best, history[i].value());
    }
    sights.push_back(std::move(sight));
    return newest.budget() >= 2 && newest.value() > best ? nascent::Verdict::stop : nascent::Verdict::go;
  }
};

// Pauses every trial after one epoch and promotes the best paused one of every two that came there (of those seen).
class Halver : public nascent::Scheduler {
 public:
  static constexpr nascent::About about{"test.scheduler.halver", "halver", "1.0.0", "Promotes the better half"};
  struct Poll {
    std::vector<std::tuple<std::uint64_t, std::uint32_t, double>> rows;  // trial, state, budget
    std::vector<std::uint64_t> promoted;
  };
  static inline std::vector<Poll> polls;

  explicit Halver(const nascent::Options&) {}
  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations& trial) override {
    return trial[trial.size() - 1].budget() == 1 ? nascent::Verdict::pause : nascent::Verdict::go;
  }
  std::vector<nascent::Promotion> poll(const nascent::Observations& history) override {
    Poll poll;
    std::vector<std::pair<double, std::uint64_t>> came;
    std::set<std::uint64_t> paused;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const nascent::Observation row = history[i];
      poll.rows.emplace_back(row.trial_id(), static_cast<std::uint32_t>(row.state()), row.budget());
      if (row.budget() == 1) came.emplace_back(row.value(), row.trial_id());
      if (row.state() == nascent::TrialState::paused) paused.insert(row.trial_id());
    }
    std::ranges::sort(came);
    came.resize(came.size() / 2);
    std::vector<nascent::Promotion> due;
    for (const auto& [value, trial] : came) {
      if (paused.contains(trial)) due.push_back({trial, 3});
    }
    for (const nascent::Promotion& p : due) poll.promoted.push_back(p.trial_id);
    polls.push_back(std::move(poll));
    return due;
  }
};

// Pauses every trial after one epoch; of each four of neighbouring ids promotes the best, when all have come, and gives the
// others up.
class Quartets : public nascent::Scheduler {
 public:
  static constexpr nascent::About about{"test.scheduler.quartets", "quartets", "1.0.0", "Promotes the best of four"};
  // What to do when asked about paused trials.
  static inline std::function<void(std::uint64_t paused)> on_paused;

  explicit Quartets(const nascent::Options&) {}
  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations& trial) override {
    return trial[trial.size() - 1].budget() == 1 ? nascent::Verdict::pause : nascent::Verdict::go;
  }
  std::vector<nascent::Promotion> poll(const nascent::Observations& history) override {
    std::vector<nascent::Promotion> due;
    for (const auto& quartet : complete(history)) {
      if (quartet.front().paused) due.push_back({quartet.front().trial, 3});
    }
    return due;
  }
  std::vector<std::uint64_t> give_up(const nascent::Observations& history) override {
    std::vector<std::uint64_t> others;
    for (const auto& quartet : complete(history)) {
      for (std::size_t i = 1; i < quartet.size(); ++i) {
        if (quartet[i].paused) others.push_back(quartet[i].trial);
      }
    }
    return others;
  }

 private:
  struct Member {
    double value;
    std::uint64_t trial;
    bool paused;
    auto operator<=>(const Member&) const = default;
  };
  // Best first.
  static std::vector<std::vector<Member>> complete(const nascent::Observations& history) {
    std::map<std::uint64_t, std::vector<Member>> quartets;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const nascent::Observation row = history[i];
      const bool invalid = row.state() == nascent::TrialState::invalid, paused = row.state() == nascent::TrialState::paused;
      if (row.budget() != 1 && !invalid) continue;
      if (paused && on_paused) on_paused(row.trial_id());
      quartets[row.trial_id() / 4].push_back({invalid ? 1e9 : row.value(), row.trial_id(), paused});
    }
    std::vector<std::vector<Member>> all;
    for (auto& [first, members] : quartets) {
      std::ranges::sort(members);
      if (members.size() == 4) all.push_back(std::move(members));
    }
    return all;
  }
};

}  // namespace nascent::fakes
