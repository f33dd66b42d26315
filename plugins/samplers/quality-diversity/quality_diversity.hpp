// MAP-Elites: the best configuration for every combination of descriptors such as size and latency. Source: Mouret,
// Clune, "Illuminating search spaces by mapping elites" (arXiv:1504.04909).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "archive.hpp"
#include "nascent/sampler.hpp"
#include "settings.hpp"
#include "shared/unseen.hpp"

namespace nascent::quality_diversity {

// Draws trials from the prior until `initial` of them are in the archive or on their way; then every trial is a child
// of elites from cells drawn at random. Failed, invalid and pruned trials, and those without a descriptor, never enter.
// Equal history, pending trials and trial number give the equal proposal.
class QualityDiversity : public Sampler {
 public:
  static constexpr About about{"org.nascent.sampler.quality_diversity", "quality-diversity", "1.0.0",
                               "MAP-Elites: the best configuration for every combination of size, latency, ..."};
  static constexpr std::array options{
      option("descriptors", "metrics in which the results shall differ; each is an axis of the archive")
          .texts()
          .required(),
      option("cells", "cells of an axis").integer(1, 1'000'000).otherwise(10),
      option("axes", "a table for single descriptors by name, of cells, min, max and scale (linear or log)").table(),
      option("initial", "first trials, drawn from the prior").integer(1, 1'000'000).otherwise(20),
      option("crossover", "probability that a child has two parents").real(0, 1).otherwise(0.5),
      option("mutations", "most parameters changed at once; their number is uniform from 1")
          .integer(1, 1000)
          .otherwise(1),
      option("sigma", "standard deviation of a number's change, as a share of its range")
          .real(1e-6, 10)
          .otherwise(0.2)};

  QualityDiversity(const Settings& settings, const SamplerSetup& setup);
  QualityDiversity(const Options& given, const SamplerSetup& setup);

  void ask(const Ask& ask, Row row) override;
  void tell(const Observation& observation) override;
  [[nodiscard]] std::span<const std::string> metrics() const override { return descriptors_; }

  [[nodiscard]] const Archive& archive() const { return archive_; }

 private:
  void enter(const Observation& observation);
  // Which descriptors the trials so far have not measured.
  void warn_of_unmeasured() const;
  void report() const;

  SpaceView space_;
  Host host_;
  std::uint64_t seed_;
  Settings settings_;
  std::size_t n_objectives_;
  std::vector<std::string> descriptors_;
  Archive archive_;
  samplers::Known known_;
  std::uint64_t told_ = 0, completed_ = 0;
  std::vector<std::uint64_t> measured_;  // [descriptors] completed trials that have it
};

}  // namespace nascent::quality_diversity
