// What a store keeps of a study that begins.
#pragma once

#include "nascent/core/resolved_study.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core::search {

StudyRecord record_of(const ResolvedStudy& study, const StudySpace& space);

}  // namespace nascent::core::search
