// A deterministic study around a sampler, and statistics over many of them.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "support/sampler_instance.hpp"

namespace nascent::test {

// The loss of a configuration; NaN makes a failed trial.
using Loss = std::function<double(const Point&)>;

inline void add_outcome(History& history, std::uint64_t trial, const Point& at, double loss) {
  const bool failed = std::isnan(loss);
  history.add(trial, failed ? TrialState::failed : TrialState::completed, {failed ? 0 : loss}, at);
}

// All that a study told that asked for these rows.
inline History told(const std::vector<Point>& rows, const Loss& loss) {
  History history;
  for (std::uint64_t trial = 0; trial < rows.size(); ++trial) add_outcome(history, trial, rows[trial], loss(rows[trial]));
  return history;
}

// Trials [first, first + n) as a deterministic study with `parallel` in flight runs them: trial n is asked for when all
// up to n - parallel are told, the others are pending. The rows asked. Trials still open at the end are told.
inline std::vector<Point> run_study(SamplerInstance& sampler, const Loss& loss, std::uint64_t n, std::uint64_t parallel = 1) {
  std::vector<Point> rows;
  std::uint64_t told = 0;
  const auto tell_until = [&](std::uint64_t end) {
    History history;
    for (; told < end; ++told) add_outcome(history, told, rows[told], loss(rows[told]));
    if (history.size() > 0) sampler.tell(history);
  };
  for (std::uint64_t trial = 0; trial < n; ++trial) {
    tell_until(trial + 1 > parallel ? trial + 1 - parallel : 0);
    History pending;
    for (std::uint64_t open = told; open < trial; ++open) pending.add(open, TrialState::pending, {}, rows[open]);
    rows.push_back(sampler.ask_one(trial, pending.get()));
  }
  tell_until(n);
  return rows;
}

// What the prior draws for a trial.
inline Point prior_draw(const SpaceDeclaration& space, std::uint64_t seed, std::uint64_t trial) {
  Rng rng(seed, trial);
  Point point(space.size());
  SpaceView(space.view()).sample(rng, point.row());
  return point;
}
inline std::vector<Point> prior_draws(const SpaceDeclaration& space, std::uint64_t seed, std::uint64_t n) {
  std::vector<Point> rows;
  for (std::uint64_t trial = 0; trial < n; ++trial) rows.push_back(prior_draw(space, seed, trial));
  return rows;
}

// The lowest loss, failed trials apart.
inline double best_of(const std::vector<Point>& rows, const Loss& loss) {
  double best = HUGE_VAL;
  for (const Point& p : rows) best = std::fmin(best, loss(p));
  return best;
}

// Does the sampler refuse to propose because nothing is left?
inline bool is_exhausted(SamplerInstance& sampler, std::uint64_t trial) {
  try {
    sampler.ask_one(trial);
    return false;
  } catch (const Error& e) {
    return e.status() == NAS_E_EXHAUSTED;
  }
}

// Mean of independent estimates and how far it may lie from the truth: Student's t at false-failure rate `rate`, by the
// expansion of Hill (Communications of the ACM 13, 1970, algorithm 396) to second order, within 2 % from 20 estimates on.
struct Interval {
  double mean = 0, half = 0;
};
inline Interval interval(const std::vector<double>& estimates, double rate) {
  const double n = static_cast<double>(estimates.size()), degrees = n - 1;
  double mean = 0, squares = 0;
  for (const double e : estimates) mean += e / n;
  for (const double e : estimates) squares += (e - mean) * (e - mean);
  const double z = -normal_quantile(rate / 2);
  const double t = z + (std::pow(z, 3) + z) / (4 * degrees) +
                   (5 * std::pow(z, 5) + 16 * std::pow(z, 3) + 3 * z) / (96 * degrees * degrees);
  return {mean, t * std::sqrt(squares / degrees / n)};
}

// Mean of `of` under weighted draws.
inline double expectation(const Posterior& posterior, const std::function<double(const Point&)>& of) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < posterior.draws.size(); ++i) {
    sum += posterior.weights[i] * of(posterior.draws[i]);
    total += posterior.weights[i];
  }
  return sum / total;
}

}  // namespace nascent::test
