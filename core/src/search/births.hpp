// Where forked trials began, in the study's diary: their rows come to say where they have got to.
#pragma once

#include <unordered_map>
#include <vector>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core::search {

// What the parent of a forked trial had reached.
struct Birth {
  TrialId parent = 0;
  double budget = 0;
  std::vector<double> losses;  // [n_objectives]
};

using Births = std::unordered_map<TrialId, Birth>;  // by child

// Before the child's row is stored. A run that is killed in between leaves a note of a trial that is not there; the next one's
// comes after it and counts.
Result<void> note_birth(Store& store, StudyId study, TrialId child, const Birth& birth);
Result<Births> read_births(Store& store, StudyId study);

}  // namespace nascent::core::search
