// A study that is ready to start: everything that can be wrong with it has been looked at, and nothing is stored yet.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nascent/core/instance.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core {

// Whether a study of that name may be in the store already.
enum class StudyStart { create, resume };

struct PreparedStudy {
  ResolvedStudy study;
  std::optional<DatasetFacts> data;  // empty for a study without a dataset
  std::unique_ptr<const StudySpace> space;  // stays where it is: the sampler borrows it
  Instance<nas_sampler_vt> sampler;
  std::optional<Instance<nas_scheduler_vt>> scheduler;
  std::vector<QueuedConfiguration> queue;  // what a new study tries first, of [warm_start]
};

// Resolves the study, opens its data, creates its components and compares what it is judged by with what they measure,
// so that a mistake costs no training and leaves no study behind in the store. Trainers, compressors and evaluators
// whose library brings LibTorch are left to the workers, and so are metrics of components that do not know them in
// advance; those show with the first trials.
// Errors: every mistake from the file on, one line each. What depends on a part that is wrong is not looked at.
Result<PreparedStudy> prepare_study(StudyDraft draft, PluginCatalog& catalog, StudyStart start = StudyStart::create);

}  // namespace nascent::core
