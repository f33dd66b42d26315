// A study that is ready to start: everything that can be wrong with it has been looked at, and nothing is stored yet.
#pragma once

#include <memory>
#include <optional>

#include "nascent/core/instance.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core {

struct PreparedStudy {
  ResolvedStudy study;
  std::optional<DatasetFacts> data;  // empty for a study without a dataset
  std::unique_ptr<const StudySpace> space;  // stays where it is: the sampler borrows it
  Instance<nas_sampler_vt> sampler;
  std::optional<Instance<nas_scheduler_vt>> scheduler;
};

// Resolves the study, opens its data, creates its components and compares what it is judged by with what they measure,
// so that a mistake costs no training and leaves no study behind in the store. Trainers, compressors and evaluators
// whose library brings LibTorch are left to the workers, and so are metrics of components that do not know them in
// advance; those show with the first trials.
Result<PreparedStudy> prepare_study(StudyConfig config, PluginCatalog& catalog);

}  // namespace nascent::core
