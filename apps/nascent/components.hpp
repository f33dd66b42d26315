// The components of a stored study, for commands that build its architectures or train its trials again.
#pragma once

#include <vector>

#include "catalog.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/study_space.hpp"
#include "open_study.hpp"

namespace nascent::cli {

struct StudyComponents {
  core::PluginCatalog catalog;
  core::ResolvedStudy study;
};
core::Result<StudyComponents> load_components(const OpenStudy& study);

// The study's space, with its dataset opened for its shape.
core::Result<core::StudySpace> load_space(StudyComponents& components);

// What a report on a whole search starts from.
struct SearchResults {
  OpenStudy study;
  StudyComponents components;
  core::StudySpace space;
  std::vector<core::Trial> trials;  // of the search, in order of trial
};
core::Result<SearchResults> load_search(const StudyArgument& argument);

// A trial by number; an error that says how many there are.
core::Result<core::Trial> find_trial(const OpenStudy& study, core::TrialId id);

}  // namespace nascent::cli
