// How much configurations are worth trying.
#pragma once

#include <memory>
#include <span>

#include "gp/front.hpp"
#include "gp/model.hpp"

namespace nascent::gp {

// A logarithm of worth; larger is better. Weighed by the probability that the trial succeeds; before anything feasible
// was found only that counts. Several models, of different hyper-parameters, count by the mean of their worth (Snoek,
// Larochelle, Adams, "Practical Bayesian Optimization", NeurIPS 2012, section 3.1).
class Acquisition {
 public:
  virtual ~Acquisition() = default;
  // [at]
  [[nodiscard]] virtual Vector operator()(const Inputs& at) = 0;
};

// The models outlive it. `pending`: configurations of trials that run.
//
// log_ei    Expected gain on the front of what is predicted for the feasible trials. Running trials are taken to come
// out
//           as predicted (the kriging believer of Ginsbourger, Le Riche, Carraro 2010) and join the front if they are
//           more likely to succeed than not.
// ucb       Gain of mean - kappa deviation on that front (Srinivas, Krause, Kakade, Seeger, ICML 2010; of several
//           objectives Ponweiser, Wagner, Biermann, Vincze, "SMS-EGO", PPSN 2008).
// noisy_ei  As log_ei, averaged over 16 joint draws of the 16 best feasible trials and the running ones, which the
//           process is then conditioned on (Letham, Karrer, Ottoni, Bakshy, "Constrained Bayesian Optimization with
//           Noisy Experiments", Bayesian Analysis 14, 2019, equation 9).
// thompson  Gain of one function, drawn jointly at all configurations that are ever asked of the object: a draw is
//           conditioned on those before it. Trials draw different functions, which spreads a batch.
std::unique_ptr<Acquisition> acquisition_of(const Settings& settings, std::span<const Model> models,
                                            const Inputs& pending, std::uint64_t seed);

}  // namespace nascent::gp
