// CMA-ES with margin and restarts, on scales on which priors have mean 0 and deviation 1.
#pragma once

#include <array>
#include <deque>

#include "coordinates.hpp"
#include "distribution.hpp"
#include "nascent/sampler.hpp"
#include "shared/ranking.hpp"
#include "shared/unseen.hpp"

namespace nascent::cmaes {

struct Settings {
  std::size_t population = 0;  // trials of a generation in the first run; 0: 4 + floor(3 ln parameters)
  double sigma = 1;            // first standard deviation; 1 is the prior's
  double growth = 2;           // of the population from one run to the next
};

// Trials are draws of a normal distribution, at first with the mean and standard deviation of the prior. `population`
// told trials make a generation, whoever proposed them; the distribution moves towards the better half of them and away
// from the others. A trial is placed where the present distribution would have drawn it, as far as its configuration
// allows: its own draws come back exactly, those of an earlier generation or of somebody else to the nearest point, and
// the coordinates of inactive parameters stay as drawn, so that selection is neutral to them. Trials without values at
// their full budget rank behind all others; when more than half of a generation would be such, the rest of them are
// left out. When the distribution has shrunk to a point, a new run starts at a draw of the prior; the trials then in
// flight do not count for it.
class CmaEs : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.cmaes", "cmaes", "1.0.0",
                               "CMA-ES with margin for discrete parameters and restarts with growing populations"};
  static constexpr std::array options{
      option("population", "told trials of a generation in the first run; 0: 4 + floor(3 ln n) for n parameters")
          .integer(0, 100000)
          .otherwise(0),
      option("sigma", "standard deviation at the start of a run, in those of the prior").real(1e-3, 10).otherwise(1.0),
      option("growth", "factor on the population from one run to the next").real(1, 10).otherwise(2.0)};

  // Throws Error(NAS_E_INVALID) when the population is neither 0 nor at least 4.
  CmaEs(const Settings& settings, const SamplerSetup& setup);
  CmaEs(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

  // Runs finished so far.
  [[nodiscard]] std::size_t restarts() const { return restarts_; }

 private:
  // Told trials of the generation under way.
  struct Generation {
    std::vector<Vector> ranked, unranked;     // points of trials with and without an outcome
    std::vector<samplers::Outcome> outcomes;  // of the ranked
  };
  // One after the other: noise to draw from the distribution with. [coordinates]
  [[nodiscard]] Vector noise(Rng& rng) const;
  void finish_generation(std::uint64_t trial);
  void apply_margin();
  [[nodiscard]] bool converged() const;
  // Have the best values of the last generations, and all of the latest, been the same?
  [[nodiscard]] bool is_flat(const std::vector<samplers::Outcome>& outcomes);
  [[nodiscard]] double margin() const;

  SpaceView space_;
  std::uint64_t seed_;
  std::size_t parallel_;
  Settings settings_;
  Coordinates coordinates_;
  Strategy strategy_;
  Distribution distribution_;
  Generation generation_;
  std::deque<double> best_values_;  // of the last generations; one objective
  std::uint64_t first_of_run_ = 0;  // trials before it do not count
  std::size_t restarts_ = 0;
  samplers::Known known_;
};

}  // namespace nascent::cmaes
