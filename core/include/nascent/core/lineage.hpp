// The trials on whose weights a trial has trained on, each with its own options: together they are a schedule.
#pragma once

#include <vector>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

struct Ancestor {
  Trial trial;
  double from = 0;  // budget at which its options took over
};

// The first comes first and the trial itself last; empty for a trial that began from nothing.
Result<std::vector<Ancestor>> lineage(Store& store, StudyId study, const Trial& trial);

}  // namespace nascent::core
