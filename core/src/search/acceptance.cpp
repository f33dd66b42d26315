#include "acceptance.hpp"

#include <cmath>

#include "nascent/core/seeds.hpp"

namespace nascent::core::search {

AcceptanceJudge::AcceptanceJudge(const Acceptance& acceptance, const Objective& objective, std::uint64_t seed)
    : rule_(acceptance.rule),
      threshold_loss_(loss_of(objective, acceptance.threshold)),
      temperature_(acceptance.temperature),
      seed_(study_seed(seed, SeedPart::acceptance)) {}

bool AcceptanceJudge::judge(TrialId trial, std::span<const double> losses) {
  const double loss = losses[0];
  bool accepted = false;
  switch (rule_) {
    case AcceptanceRule::best:
      accepted = !current_ || loss < *current_;
      break;
    case AcceptanceRule::pareto:
      accepted = front_.add(trial, losses);
      break;
    case AcceptanceRule::threshold:
      accepted = loss <= threshold_loss_;
      break;
    case AcceptanceRule::metropolis:
      // Metropolis et al., "Equation of State Calculations by Fast Computing Machines" (1953): the chain moves on from
      // the last accepted trial.
      accepted = !current_ || loss <= *current_ ||
                 nascent::Rng(seed_, trial).uniform() < std::exp((*current_ - loss) / temperature_);
      break;
  }
  if (accepted) current_ = loss;
  return accepted;
}

}  // namespace nascent::core::search
