#include "nascent/core/prepared_study.hpp"

#include <vector>

#include "execution/evaluation.hpp"
#include "judged_metrics.hpp"
#include "plugins/handshake.hpp"
#include "proposals.hpp"
#include "verdicts.hpp"

namespace nascent::core {
namespace {

// LibTorch lives in workers only.
bool may_live_here(const StudyComponent& component) {
  return component.info.plugin == nullptr || libtorch_build(component.info.plugin->build).empty();
}

template <class Table>
Result<void> try_to_create(PluginCatalog& catalog, const StudyComponent& component, const StudyConfig& config) {
  if (!may_live_here(component)) return {};
  const auto instance = create_component<Table>(catalog, component, config);
  if (!instance) return tl::unexpected<Error>(instance.error());
  return {};
}

Result<void> check_trial_components(PluginCatalog& catalog, const ResolvedStudy& study, const StudySpace& space,
                                    const std::optional<TaskShape>& shape) {
  search::MeasuredMetrics measured;
  if (study.trainer) {
    if (auto tried = try_to_create<nas_trainer_vt>(catalog, *study.trainer, study.config); !tried) return tried;
    measured.add_trainer(study.trainer->info, shape);
  }
  for (const StudyComponent& component : study.compressors) {
    if (auto tried = try_to_create<nas_compressor_vt>(catalog, component, study.config); !tried) return tried;
  }
  for (const StudyComponent& component : study.evaluators) {
    if (!may_live_here(component)) {
      measured.add_unknown();
      continue;
    }
    const auto evaluation = Evaluation::create(catalog, study, component, space, shape ? shape->n_classes() : 0);
    if (!evaluation) return tl::unexpected<Error>(evaluation.error());
    measured.add(evaluation->metrics());
  }
  return measured.check(study.config);
}

}  // namespace

Result<PreparedStudy> prepare_study(StudyConfig config, PluginCatalog& catalog) {
  auto study = resolve_study(std::move(config), catalog);
  if (!study) return tl::unexpected<Error>(study.error());
  auto data = dataset_facts(catalog, *study);
  if (!data) return tl::unexpected<Error>(data.error());
  const std::optional<TaskShape> shape = *data ? std::optional((*data)->shape) : std::nullopt;
  auto space = create_space(catalog, *study, shape);
  if (!space) return tl::unexpected<Error>(space.error());

  const nas_sampler_arg sampler_arg = search::sampler_arg(study->config, space->view());
  auto sampler = create_component<nas_sampler_vt>(catalog, study->sampler, study->config, &sampler_arg);
  if (!sampler) return tl::unexpected<Error>(sampler.error());
  PreparedStudy prepared{std::move(*study), std::move(*data), std::move(*space), std::move(*sampler), {}};
  if (prepared.study.scheduler) {
    const nas_scheduler_arg arg = search::scheduler_arg(prepared.study.config);
    auto scheduler =
        create_component<nas_scheduler_vt>(catalog, *prepared.study.scheduler, prepared.study.config, &arg);
    if (!scheduler) return tl::unexpected<Error>(scheduler.error());
    prepared.scheduler = std::move(*scheduler);
  }
  if (auto checked = check_trial_components(catalog, prepared.study, prepared.space, shape); !checked)
    return tl::unexpected<Error>(checked.error());
  return prepared;
}

}  // namespace nascent::core
