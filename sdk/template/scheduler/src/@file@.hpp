// Stops a trial that is worse than the best finished one by more than a margin at the same budget.
#pragma once

#include <algorithm>
#include <limits>
#include <nascent/scheduler.hpp>

class @Class@ : public nascent::Scheduler {
 public:
  static constexpr nascent::About about{"com.example.scheduler.@name@", "@name@", "0.1.0", "Stops what is far behind the best"};
  static constexpr std::array options{
      nascent::option("margin", "how far behind the best a trial may be").real(0).otherwise(0.1)};

  explicit @Class@(const nascent::Options& given) : margin_(given.real("margin")) {}

  // Depends on what is shown here and on nothing else: so a study repeats.
  nascent::Verdict decide(const nascent::Observations& history, const nascent::Observations& trial) override {
    const nascent::Observation now = trial[trial.size() - 1];
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (history[i].completed() && history[i].budget() == now.budget()) best = std::min(best, history[i].value());
    }
    return now.value() > best + margin_ ? nascent::Verdict::stop : nascent::Verdict::go;
  }

 private:
  double margin_;
};
