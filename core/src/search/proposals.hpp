// The sampler behind a guard: what it proposes is checked against the space before anybody believes it.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <nascent/space_view.hpp>
#include <span>

#include "history.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/result.hpp"

namespace nascent::core::search {

class Proposals {
 public:
  // The space outlives this object.
  Proposals(Instance<nas_sampler_vt> sampler, const nas_space* space)
      : sampler_(std::move(sampler)), space_(space) {}

  // Rows that the sampler fills: x is [trials.size()][n_params], active likewise. Returns how many it filled; 0 says that
  // it has none left. Errors: ErrorKind::plugin when it fails or proposes what the space does not hold.
  Result<std::size_t> ask(std::span<const TrialId> trials, ObservationView pending, double* x, std::uint8_t* active);
  Result<void> tell(ObservationView observations);

 private:
  Result<void> check(TrialId trial, nascent::Row row) const;

  Instance<nas_sampler_vt> sampler_;
  nascent::SpaceView space_;
};

// What a sampler needs to know of a study.
nas_sampler_arg sampler_arg(const StudyConfig& config, const nas_space* space);

}  // namespace nascent::core::search
