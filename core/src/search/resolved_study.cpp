#include "nascent/core/resolved_study.hpp"

#include <fmt/format.h>

#include <nascent/error.hpp>

namespace nascent::core {

std::vector<const StudyComponent*> ResolvedStudy::components() const {
  std::vector<const StudyComponent*> all;
  if (dataset) all.push_back(&*dataset);
  all.push_back(&space);
  all.push_back(&sampler);
  if (scheduler) all.push_back(&*scheduler);
  if (trainer) all.push_back(&*trainer);
  for (const StudyComponent& c : compressors) all.push_back(&c);
  for (const StudyComponent& c : evaluators) all.push_back(&c);
  return all;
}

std::uint32_t training_processes(const ResolvedStudy& study) {
  const OptionValue* value = study.trainer ? study.trainer->fixed.get("/processes") : nullptr;
  const auto* number = value != nullptr ? std::get_if<std::int64_t>(value) : nullptr;
  return number != nullptr && *number > 1 ? static_cast<std::uint32_t>(*number) : 1;
}

namespace {

// Further processes are started by worker processes.
void check_processes(const ResolvedStudy& study, Diagnostics& mistakes) {
  const std::uint32_t processes = training_processes(study);
  if (processes == 1 || study.config.workers.execution == Execution::workers) return;
  const ConfigValue* given = find(study.config.trainer->options, "processes");
  mistakes.add(given != nullptr ? given->where : study.config.trainer->where,
               fmt::format("trainer.processes is {}, but with workers.execution = \"inline\" trials run in one process; set "
                           "processes = 1 or execution = \"workers\"",
                           processes));
}

}  // namespace

Result<ResolvedStudy> resolve_study(StudyConfig config, const PluginCatalog& catalog) {
  StudyDraft draft(std::move(config));
  ResolvedStudy study = resolve_study(draft, catalog);
  if (!draft.mistakes.empty()) return tl::unexpected(draft.mistakes.error());
  return study;
}

ResolvedStudy resolve_study(StudyDraft& draft, const PluginCatalog& catalog) {
  const auto resolve = [&](ComponentConfig& given) -> StudyComponent {
    StudyComponent component{given.path, {}, {}, {}};
    const std::size_t before = draft.mistakes.size();
    // What the file could not say in full.
    const Absence absence = draft.refused.contains(given.path) ? Absence::may_be_misspelt : Absence::is_a_mistake;
    if (!given.type.empty()) {
      const auto info = catalog.find(kind_of_path(given.path), given.type);
      if (info) {
        component.info = *info;
        ResolvedComponent resolved = resolve_component(given, *info, draft.mistakes, absence);
        component.fixed = std::move(resolved.options);
        component.lifted = std::move(resolved.lifted);
        if (draft.mistakes.size() == before) given = std::move(resolved.complete);
      } else {
        draft.mistakes.add(given.type_where, info.error().message);
      }
    }
    if (given.type.empty() || draft.mistakes.size() > before) draft.refused.insert(given.path);
    return component;
  };
  ResolvedStudy study;
  study.config = std::move(draft.config);
  StudyConfig& config = study.config;
  if (config.dataset) study.dataset = resolve(*config.dataset);
  study.space = resolve(config.space);
  study.sampler = resolve(config.sampler);
  if (config.scheduler) study.scheduler = resolve(*config.scheduler);
  if (config.trainer) study.trainer = resolve(*config.trainer);
  for (ComponentConfig& c : config.compressors) study.compressors.push_back(resolve(c));
  for (ComponentConfig& c : config.evaluators) study.evaluators.push_back(resolve(c));
  check_processes(study, draft.mistakes);
  return study;
}

Result<std::optional<TaskShape>> dataset_shape(PluginCatalog& catalog, const ResolvedStudy& study) {
  auto facts = dataset_facts(catalog, study);
  if (!facts) return tl::unexpected<Error>(facts.error());
  if (!*facts) return std::nullopt;
  return std::optional(std::move((*facts)->shape));
}

Result<std::optional<DatasetFacts>> dataset_facts(PluginCatalog& catalog, const ResolvedStudy& study) {
  if (!study.dataset) return std::nullopt;
  const auto dataset = create_component<nas_dataset_vt>(catalog, *study.dataset, study.config);
  if (!dataset) return tl::unexpected<Error>(dataset.error());
  const nas_dataset_info* info = nullptr;
  if (auto answer = dataset->call(&nas_dataset_vt::info, &info); !answer) return tl::unexpected<Error>(answer.error());
  auto shape = TaskShape::of(*info);
  if (!shape) return tl::unexpected<Error>(shape.error().within("dataset \"" + study.dataset->info.alias + "\""));
  DatasetFacts facts{std::move(*shape), std::string(nascent::view(info->fingerprint)), false};
  for (std::uint32_t i = 0; i < info->n_splits; ++i) {
    facts.has_test = facts.has_test || (nascent::view(info->splits[i].name) == "test" && info->splits[i].rows > 0);
  }
  return std::optional(std::move(facts));
}

Result<StudySpace> create_space(PluginCatalog& catalog, const ResolvedStudy& study,
                                const std::optional<TaskShape>& shape) {
  nas_task_shape raw{};
  if (shape) raw = shape->view();
  const nas_space_arg arg{sizeof(nas_space_arg), 0, shape ? &raw : nullptr};
  auto space = create_component<nas_space_vt>(catalog, study.space, study.config, &arg);
  if (!space) return tl::unexpected<Error>(space.error());
  return compose_space(std::move(*space), study);
}

Result<StudySpace> compose_space(Instance<nas_space_vt> space, const ResolvedStudy& study) {
  std::vector<LiftedParameter> lifted;
  for (const StudyComponent* c : study.components()) lifted.insert(lifted.end(), c->lifted.begin(), c->lifted.end());
  return StudySpace::compose(std::move(space), std::move(lifted));
}

std::vector<PluginRecord> plugin_records(const ResolvedStudy& study) {
  std::vector<PluginRecord> records;
  for (const StudyComponent* c : study.components()) {
    const PluginInfo none{};
    const PluginInfo& plugin = c->info.plugin ? *c->info.plugin : none;
    records.push_back({std::string(kind_name(c->info.kind)), c->info.id, c->info.alias, c->info.version,
                       plugin.path.string(), plugin.sha256});
  }
  return records;
}

Error creation_error(const PluginError& error, const StudyComponent& component, const StudyConfig& config) {
  // Files that a component cannot read or make sense of are named in the study as its options are.
  if (error.status != NAS_E_INVALID && error.status != NAS_E_IO) return error;
  for (const ComponentConfig* c : core::components(config)) {
    if (c->path != component.path) continue;
    nas_error raw{};
    nascent::set_error(&raw, error.status, error.reason, error.option);
    return locate(*c, raw);
  }
  return error;
}

}  // namespace nascent::core
