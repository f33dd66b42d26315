#include "components.hpp"

#include <fmt/format.h>

namespace nascent::cli {

core::Result<StudyComponents> load_components(const OpenStudy& study) {
  auto catalog = discover_plugins(study.config.plugins);
  if (!catalog) return tl::unexpected(catalog.error());
  auto resolved = core::resolve_study(study.config, *catalog);
  if (!resolved) return tl::unexpected(resolved.error());
  return StudyComponents{std::move(*catalog), std::move(*resolved)};
}

core::Result<core::StudySpace> load_space(StudyComponents& components) {
  const auto shape = core::dataset_shape(components.catalog, components.study);
  if (!shape) return tl::unexpected(shape.error());
  return core::create_space(components.catalog, components.study, *shape);
}

core::Result<SearchResults> load_search(const StudyArgument& argument) {
  auto study = open_study(argument);
  if (!study) return tl::unexpected(study.error());
  auto components = load_components(*study);
  if (!components) return tl::unexpected(components.error());
  auto space = load_space(*components);
  if (!space) return tl::unexpected(space.error());
  auto trials = study->store->trials(study->record.id, {.role = core::TrialRole::search});
  if (!trials) return tl::unexpected(trials.error());
  return SearchResults{std::move(*study), std::move(*components), std::move(*space), std::move(*trials)};
}

core::Result<core::Trial> find_trial(const OpenStudy& study, core::TrialId id) {
  auto trial = study.store->trial(study.record.id, id);
  if (!trial) return tl::unexpected(trial.error());
  if (*trial) return std::move(**trial);
  const auto all = study.store->tally(study.record.id);
  if (!all) return tl::unexpected(all.error());
  return core::fail(core::ErrorKind::invalid_input, fmt::format("study {} has no trial {}; it has {} trials, see: nascent trials {}",
                                                                study.record.name, id, all->size(), study.location));
}

}  // namespace nascent::cli
