// Tables of marginal probabilities from weighted configurations.
#pragma once

#include <nascent/space_view.hpp>
#include <vector>

#include "nascent/core/posterior.hpp"

namespace nascent::core::report {

// Configurations that stand for the good ones.
struct WeightedRows {
  std::vector<Configuration> rows;
  std::vector<double> weights;       // [rows] >= 0
  double n_effective = 0;            // independent draws that these are worth
  std::optional<double> good_share;  // of the prior's configurations, where they are a part of them
};

// Does the parameter have more than one value?
bool can_vary(nascent::ParamView param);

// [n_params] how often each parameter is active under the prior; from draws, standard error at most 0.0035.
std::vector<double> prior_activity(const StudySpace& space);

// [levels] prior probabilities of a parameter that has levels.
std::vector<double> level_priors(nascent::ParamView param);

// One entry per parameter that can vary. Each probability has the posterior Beta(n p + prior, n (1 - p) + 1 - prior), p the
// weighted share and n the effective number of rows: a Beta distribution around the prior that counts one observation is
// what nothing is known from. Ordinals, and numbers of at most 10 levels, are listed by level, other numbers by quarters
// of their prior.
std::vector<ParameterPosterior> marginals(const StudySpace& space, const WeightedRows& good, const PosteriorRequest& request);

}  // namespace nascent::core::report
