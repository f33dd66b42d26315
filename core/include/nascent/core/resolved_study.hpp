// A study whose components are known: every option checked against its schema and completed, no plugin loaded yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core {

// One component of a study.
struct StudyComponent {
  std::string path;   // "sampler", "evaluator.0"
  ComponentInfo info;
  OptionTable fixed;  // options that are not searched
  std::vector<LiftedParameter> lifted;
};

struct ResolvedStudy {
  StudyConfig config;  // component tables complete: resolved_toml(config) repeats the study
  std::optional<StudyComponent> dataset;
  StudyComponent space, sampler;
  std::optional<StudyComponent> scheduler, trainer;
  std::vector<StudyComponent> compressors, evaluators;

  // In the order of core::components().
  [[nodiscard]] std::vector<const StudyComponent*> components() const;
};

// How many processes train one trial together: the option `processes` of a trainer that has it, else 1.
std::uint32_t training_processes(const ResolvedStudy& study);

// Finds every component and checks its options; all mistakes are reported together. Loads nothing that has a manifest.
Result<ResolvedStudy> resolve_study(StudyConfig config, const PluginCatalog& catalog);
// The same with the mistakes in the draft, whose `config` it takes. Of a component in `draft.refused` nothing but the path
// is sure: `info` is there where its type is known.
ResolvedStudy resolve_study(StudyDraft& draft, const PluginCatalog& catalog);

// Creates an instance of one component. `kind_arg` as its kind wants it.
template <class Table>
Result<Instance<Table>> create_component(PluginCatalog& catalog, const StudyComponent& component,
                                         const StudyConfig& config, const void* kind_arg = nullptr);

// The study's space; `shape` is absent for a study without a dataset.
Result<StudySpace> create_space(PluginCatalog& catalog, const ResolvedStudy& study,
                                const std::optional<TaskShape>& shape);

// Of an instance that was created already.
Result<StudySpace> compose_space(Instance<nas_space_vt> space, const ResolvedStudy& study);

// What a search has to know of a dataset.
struct DatasetFacts {
  TaskShape shape;
  std::string fingerprint;  // of the data, as the plugin tells it
  bool has_test = false;  // there is a test split, for the end of the study
};
// Opens the dataset only to learn that; empty for a study without one.
Result<std::optional<DatasetFacts>> dataset_facts(PluginCatalog& catalog, const ResolvedStudy& study);
Result<std::optional<TaskShape>> dataset_shape(PluginCatalog& catalog, const ResolvedStudy& study);

// What the store keeps of the components, to repeat the study with the same code.
std::vector<PluginRecord> plugin_records(const ResolvedStudy& study);

// ----------------------------------------------------------------------------------------------------------------------
// A plugin's refusal of `component`'s options, at its place in the file where the option is known.
Error creation_error(const PluginError& error, const StudyComponent& component, const StudyConfig& config);

template <class Table>
Result<Instance<Table>> create_component(PluginCatalog& catalog, const StudyComponent& component,
                                         const StudyConfig& config, const void* kind_arg) {
  const auto loaded = catalog.load(component.info.kind, component.info.id);
  if (!loaded) return tl::unexpected<Error>(loaded.error());
  const nas_config options = component.fixed.view();
  auto instance = Instance<Table>::create(**loaded, options, kind_arg);
  if (!instance) return tl::unexpected<Error>(creation_error(instance.error(), component, config));
  return std::move(*instance);
}

}  // namespace nascent::core
