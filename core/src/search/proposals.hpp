// The sampler behind a guard: what it proposes is checked against the space before anybody believes it.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <nascent/space_view.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "history.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core::search {

// What the extension NAS_SAMPLER_POSTERIOR gives.
struct Draws {
  std::vector<Configuration> rows;
  std::vector<double> weights;  // [rows] >= 0
  double n_effective = 0;
  std::vector<Metric> diagnostics;
};

class Proposals {
 public:
  // The space outlives this object.
  Proposals(Instance<nas_sampler_vt> sampler, const nas_space* space);

  // Rows that the sampler fills: x is [trials.size()][n_params], active likewise. Returns how many it filled; 0 says that
  // it has none left. Errors: ErrorKind::plugin when it fails or proposes what the space does not hold.
  Result<std::size_t> ask(std::span<const TrialId> trials, ObservationView pending, double* x, std::uint8_t* active);
  Result<void> tell(ObservationView observations);
  // Does the sampler learn from reports of trials (NAS_SAMPLER_FIDELITY)?
  [[nodiscard]] bool learns_from_reports() const { return fidelity_ != nullptr; }
  // Of one trial, by rising budget. Only where learns_from_reports().
  Result<void> tell_reports(ObservationView reports);
  // At most n_max draws of the distribution that the sampler has inferred; empty when it does not offer that.
  Result<std::optional<Draws>> draws(std::size_t n_max) const;
  // Metrics the sampler wants to be told, in the order of its columns.
  [[nodiscard]] const std::vector<std::string>& metrics() const { return metrics_; }

 private:
  Result<void> check(TrialId trial, nascent::Row row) const;

  Instance<nas_sampler_vt> sampler_;
  const nas_sampler_fidelity* fidelity_;  // or null
  nascent::SpaceView space_;
  std::vector<std::string> metrics_;
};

// Metrics that a sampler asks to be told besides the objectives.
std::vector<std::string> wanted_metrics(const Instance<nas_sampler_vt>& sampler);

// What a sampler needs to know of a study.
// Borrows `space`, which outlives the sampler.
nas_sampler_arg sampler_arg(const StudyConfig& config, const StudySpace& space);

}  // namespace nascent::core::search
