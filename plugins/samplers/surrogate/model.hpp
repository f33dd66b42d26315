// The forests that predict objectives, constraints and failures from a configuration.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "nascent/forest.hpp"
#include "surrogate/evidence.hpp"
#include "surrogate/settings.hpp"

namespace nascent::surrogate {

struct Prediction {
  static constexpr double deviation_min = 0.01;
  double mean, deviation;
};

// Objectives are predicted as normal scores: the quantile of the standard normal at which their rank lies. Whatever
// their unit and tails, differences near the best count, and one diverged trial counts for one. Keeps nothing of the
// evidence.
class Model {
 public:
  // Learns from the first `n` rows of `evidence`, of which at least one completed.
  Model(const Evidence& evidence, std::size_t n, const Settings& settings, std::uint64_t seed);

  [[nodiscard]] std::size_t n_objectives() const { return objectives_.size(); }
  [[nodiscard]] const forest::Forest& objective(std::size_t k) const { return objectives_[k]; }
  // `row`: encoded, here and below.
  [[nodiscard]] Prediction predict(std::size_t k, std::span<const double> row) const;
  // That a trial ends with a result that satisfies every constraint; > 0.
  [[nodiscard]] double probability_of_success(std::span<const double> row) const;

  // Scores of the undominated feasible trials, [n_front][n_objectives]; empty when nothing is feasible.
  [[nodiscard]] std::span<const double> front() const { return front_; }
  // Rows of the evidence, the fittest first: less violating, then lower rank, then larger crowding distance.
  [[nodiscard]] std::span<const std::size_t> fittest() const { return fittest_; }

 private:
  void learn_objectives(const Evidence& evidence, std::span<const std::size_t> rows, const Settings& settings,
                        std::uint64_t seed);
  void learn_constraints(const Evidence& evidence, std::span<const std::size_t> rows, const Settings& settings,
                         std::uint64_t seed);
  void learn_failures(const Evidence& evidence, std::span<const std::size_t> rows, const Settings& settings,
                      std::uint64_t seed);
  void rank(const Evidence& evidence, std::span<const std::size_t> rows, std::span<const double> scores);

  std::vector<forest::Forest> objectives_, constraints_;
  std::optional<forest::Forest> failures_;  // without, nothing failed
  std::vector<double> front_;
  std::vector<std::size_t> fittest_;
};

}  // namespace nascent::surrogate
