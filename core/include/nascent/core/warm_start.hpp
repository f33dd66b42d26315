// The configurations that a new study tries before its sampler is asked: given ones, and the best of earlier studies.
#pragma once

#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/diagnostics.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core {

// Of [warm_start], in order: its configurations, completed as complete_configuration() does; then the `top` best of
// each earlier study, ranked by this study's objectives and constraints where they measured those, else by their own.
// Of the latter what fits into `space` is taken; the log says what does not. A configuration that comes a second time
// is left out. Values that a parameter cannot take and studies that cannot be read are mistakes; the queue is usable
// only when there is none.
//
// Earlier trials are tried again and not told to the sampler: a sampler is a pure function of the trials of its own
// study by number (sdk/CONVENTIONS.md, rule 12), and what they measured need not hold for other data, budgets or
// options.
std::vector<QueuedConfiguration> warm_start_queue(const StudyConfig& config, const StudySpace& space,
                                                  Diagnostics& mistakes);
// Only whether the earlier studies can be read, where the space is not known.
void check_earlier_studies(const StudyConfig& config, Diagnostics& mistakes);

}  // namespace nascent::core
