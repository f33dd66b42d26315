// Changes one parameter of the best configuration so far; now and then draws a fresh one.
#pragma once

#include <limits>
#include <nascent/sampler.hpp>

class @Class@ : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"com.example.sampler.@name@", "@name@", "0.1.0", "Hill climbing with restarts"};
  static constexpr std::array options{
      nascent::option("fresh", "share of trials drawn from the prior").real(0, 1).otherwise(0.2)};

  @Class@(const nascent::Options& given, const nascent::SamplerSetup& setup)
      : space_(setup.space), seed_(setup.seed), fresh_(given.real("fresh")) {}

  // Depends on the seed, the trial's number and what was told, and on nothing else: so a study repeats.
  void ask(const nascent::Ask& ask, nascent::Row row) override {
    nascent::Rng rng(seed_, ask.trial_id);
    if (best_.x.empty() || rng.uniform() < fresh_) return space_.sample(rng, row);
    best_.copy_to(row);
    const std::size_t changed = rng.below(space_.size());
    if (row.active[changed] != 0) row.x[changed] = space_[changed].quantile(rng.uniform());
    space_.repair(rng, row);
  }

  void tell(const nascent::Observation& trial) override {
    if (!trial.completed() || !trial.feasible() || trial.value() >= best_value_) return;
    best_value_ = trial.value();
    best_ = nascent::Point(trial.at());
  }

 private:
  nascent::SpaceView space_;
  std::uint64_t seed_;
  double fresh_;
  nascent::Point best_;
  double best_value_ = std::numeric_limits<double>::infinity();
};
