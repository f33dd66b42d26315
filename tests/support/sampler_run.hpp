// A deterministic study around a sampler, and statistics over many of them.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "support/sampler_instance.hpp"

namespace nascent::test {

// The loss of a configuration; NaN makes a failed trial.
using Loss = std::function<double(const Point&)>;

// Trials [first, first + n) as a deterministic study with `parallel` in flight runs them: trial n is asked for when all
// up to n - parallel are told, the others are pending. The rows asked. Trials still open at the end are told.
inline std::vector<Point> run_study(SamplerInstance& sampler, const Loss& loss, std::uint64_t n, std::uint64_t parallel = 1) {
  std::vector<Point> rows;
  std::uint64_t told = 0;
  const auto tell_until = [&](std::uint64_t end) {
    History history;
    for (; told < end; ++told) {
      const double value = loss(rows[told]);
      history.add(told, std::isnan(value) ? TrialState::failed : TrialState::completed, {std::isnan(value) ? 0 : value}, rows[told]);
    }
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
