// Local search with random restarts: the first neighbour that is better becomes the place to go on from.
#pragma once

#include <array>

#include "climb.hpp"
#include "shared/unseen.hpp"

namespace nascent::local_search {

// Proposes a random untried neighbour of a standpoint of the climb (climb.hpp); a draw from the prior where there is no
// climb yet, and where all untried neighbours are running already. Equal history, pending trials and trial number give
// the equal proposal.
class LocalSearch : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.local-search", "local-search", "1.0.0",
                               "First-improvement local search with random restarts"};
  using Settings = Steps;
  static constexpr std::array options{
      option("first_step", "first step of a number, as a share of its prior's mass; halved while nothing improves")
          .real(1e-9, 1)
          .otherwise(Settings().first),
      option("last_step", "smallest step of a number; then the search restarts")
          .real(1e-9, 1)
          .otherwise(Settings().last)};

  LocalSearch(const Settings& settings, const SamplerSetup& setup);
  LocalSearch(const Options& given, const SamplerSetup& setup)
      : LocalSearch(Settings{given.real("first_step"), given.real("last_step")}, setup) {}

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 private:
  SpaceView space_;
  std::uint64_t seed_;
  Climb climb_;
  samplers::Known known_;
};

}  // namespace nascent::local_search
