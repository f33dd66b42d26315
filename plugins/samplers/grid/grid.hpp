// Grid search: every combination of finitely many values, one after another.
#pragma once

#include <array>
#include <optional>
#include <set>

#include "enumeration.hpp"
#include "nascent/sampler.hpp"
#include "permutation.hpp"
#include "shared/known.hpp"

namespace nascent::grid {

inline constexpr auto order_choices = names("lexicographic", "shuffled");

// Trial n gets configuration n of the grid (or of a shuffled order): nothing depends on results. Behind the last one come
// those whose trial tried another configuration, one from the study's queue; then NAS_E_EXHAUSTED.
class Grid : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.grid", "grid", "1.0.0",
                               "Every combination of a grid, in order or shuffled"};
  static constexpr std::array options{
      option("levels", "values of a number; one with fewer takes all of its own").integer(1, 100000).otherwise(5),
      option("levels_of", "a table of levels for single parameters by name").table(),
      option("order", "lexicographic, or shuffled by the study's seed")
          .one_of(order_choices)
          .otherwise("lexicographic")};

  Grid(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;

 private:
  // Configuration `place`, counted in the order of the trials.
  void at(std::uint64_t place, Row row) const;
  // Did the trial try another configuration than the grid's?
  [[nodiscard]] bool displaced(const Observation& observation) const;
  // The first configuration that a trial displaced and that has not been tried by another one.
  [[nodiscard]] std::optional<std::uint64_t> left_out(Observations pending, std::size_t n_params) const;

  Enumeration enumeration_;
  std::optional<Permutation> shuffle_;
  samplers::Known known_;
  std::set<std::uint64_t> displaced_;  // by told trials
};

// The values a grid of `levels` takes of one parameter, ascending: every choice of positive weight; every level of a
// number that has at most `levels`; else `levels` values, evenly spaced on the scale with both ends for uniform priors,
// and the middles of `levels` equally likely parts for normal ones. One level is the prior's median.
std::vector<double> grid_values(ParamView param, std::uint64_t levels);

}  // namespace nascent::grid
