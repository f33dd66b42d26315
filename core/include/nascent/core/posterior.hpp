// What a study says about its parameters: how probable each value is among good configurations.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/plugins.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/study_space.hpp"
#include "nascent/core/trial.hpp"
#include "nascent/core/trust.hpp"

namespace nascent::core {

struct PosteriorRequest {
  double good = 0.1;            // share of the prior's configurations that count as good
  double credibility = 0.9;     // of the intervals
  std::size_t values_max = 12;  // of one parameter; the others are summed up
  bool from_trials = false;     // though the sampler offers draws of its own
};

// One value of a parameter, or a range of values.
struct ValuePosterior {
  std::string text;              // "relu", "0.001 to 0.0056", "4 others"
  double prior = 0;              // probability of the value, where the parameter is active
  double posterior = 0;          // the same among good configurations
  double low = 0, high = 1;      // credible interval of the posterior
  std::optional<double> good;    // probability that a configuration with this value is good; not for draws of a sampler
};

struct ParameterPosterior {
  std::string name;
  std::optional<ValuePosterior> active;  // that it takes part; empty for a parameter that always does
  std::vector<ValuePosterior> values;    // choices, levels, or quarters of the prior
};

// Below this overlap with the target a sampler's draws are not relied on (metric "overlap" of its diagnostics).
inline constexpr double kOverlapLeast = 0.5;

struct StudyPosterior {
  enum class Source {
    sampler,  // draws of its own: a good configuration counts exp(-objective / temperature)
    trials,   // those among the best `good` of the prior, each weighted by prior / proposal
  };
  Source source = Source::trials;
  std::size_t n = 0;               // different configurations drawn, or finished trials
  std::size_t n_good = 0;          // trials among the good; for draws of a sampler n
  double n_effective = 0;          // independent draws from the posterior that these are worth
  bool corrected = false;          // trials differ in weight: the sampler did not draw from the prior
  double good = 0;                 // share of the prior's configurations that are good, by the trials' weights
  std::optional<double> threshold;  // the worst good objective value; for trials and one objective
  std::vector<Metric> diagnostics;  // of the sampler
  std::vector<ParameterPosterior> parameters;

  // none: fewer than 10 independent draws, chains that stand apart (r_hat_max above 1.2), or a distribution unlike the
  // target (overlap below kOverlapLeast). good: at least 100 draws, 1.05 and 0.9, and no trials of a sampler that prefers some
  // values, whose joint preferences nothing corrects.
  [[nodiscard]] Trust trust() const;
};

// The draws of the study's sampler where it offers the extension NAS_SAMPLER_POSTERIOR and has drawn already: it is created
// anew and told all `trials`. Else the trials themselves: each counts prior(x) / q(x), q the density of what was proposed,
// estimated parameter by parameter from all of them (see good_trials.hpp). `trials`: search trials by id; those that have
// not finished are left out. Errors: ErrorKind::invalid_input when no trial completed within its constraints.
Result<StudyPosterior> study_posterior(PluginCatalog& catalog, const ResolvedStudy& study, const StudySpace& space,
                                       std::span<const Trial> trials, const PosteriorRequest& request);

}  // namespace nascent::core
