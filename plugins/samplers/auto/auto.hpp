// The default sampler: chooses the engine for a search, changes it as the search goes on, and says so in the log.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <string_view>

#include "auto/choice.hpp"
#include "nascent/sampler.hpp"

namespace nascent::automatic {

// Asks the engine that choose() names. Every engine is told every trial while it may be named, so a change loses
// nothing. Equal history, pending trials and trial number give the equal proposal.
class Auto : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.auto", "auto", "1.0.0",
                               "Chooses the sampler by space, budget, parallelism, objectives and progress"};

  Auto(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;
  void tell_report(const Observation& report) override;

 private:
  Host host_;
  std::array<std::unique_ptr<Sampler>, kEngines> engines_;
  Situation situation_;
  double lowest_ = std::numeric_limits<double>::infinity();  // value of a feasible completed trial; one objective
  std::string_view logged_;                                  // the reason that the log gave last
};

}  // namespace nascent::automatic
