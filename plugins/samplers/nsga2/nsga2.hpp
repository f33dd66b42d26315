// NSGA-II: an elitist genetic algorithm for several objectives. Source: Deb, Pratap, Agarwal, Meyarivan, "A Fast and
// Elitist Multiobjective Genetic Algorithm: NSGA-II" (IEEE Transactions on Evolutionary Computation 6(2), 2002).
#pragma once

#include <array>

#include "nascent/sampler.hpp"
#include "shared/mutation.hpp"
#include "shared/ranking.hpp"
#include "shared/unseen.hpp"

namespace nascent::nsga2 {

struct Settings {
  std::size_t population = 30;  // trials of a generation, and of the elite kept
  double crossover = 0.9;       // probability that a child has two parents
  samplers::MutationSettings mutation{1, 0.1};
};

// Trials are drawn from the prior until `population` have completed; they are the first parents. From then on every
// trial is a child of two parents that won a tournament of two each. When `population` more trials have completed, they
// and the parents compete for being the next parents, whoever proposed them: a trial still running when its generation
// ends counts towards the next. Failed, invalid and pruned trials have no values at their full budget and take no part.
// Equal history, pending trials and trial number give the equal proposal.
class Nsga2 : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.nsga2", "nsga2", "1.0.0",
                               "NSGA-II: elitist genetic algorithm with Pareto ranks and crowding distance"};
  static constexpr std::array options{
      option("population", "completed trials of a generation, and trials kept as parents")
          .integer(2, 10000)
          .otherwise(30),
      option("crossover", "probability that a child has two parents").real(0, 1).otherwise(0.9),
      option("mutations", "most parameters changed at once; their number is uniform from 1")
          .integer(1, 1000)
          .otherwise(1),
      option("sigma", "standard deviation of a number's change, as a share of its range")
          .real(1e-6, 10)
          .otherwise(0.1)};

  Nsga2(const Settings& settings, const SamplerSetup& setup);
  Nsga2(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 private:
  // Configurations with what they are judged by, in the order told.
  struct Members {
    std::vector<Point> points;
    std::vector<samplers::Outcome> outcomes;
  };
  // The better of two random parents.
  [[nodiscard]] const Point& winner(Rng& rng) const;
  void select();

  SpaceView space_;
  std::uint64_t seed_;
  Settings settings_;
  Members parents_, children_;
  samplers::Ranking ranking_{{}};  // of the parents
  samplers::Known known_;
};

}  // namespace nascent::nsga2
