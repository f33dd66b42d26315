#include "nascent/core/prepared_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nascent/rng.hpp>
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

// Does the space build architectures? It does for every configuration or for none, so that any valid one tells.
bool builds_architectures(const StudySpace& space) {
  constexpr std::uint64_t kTries = 100;  // a space may refuse many configurations
  const nascent::SpaceView view(space.view());
  std::vector<double> x(space.size());
  std::vector<std::uint8_t> active(space.size());
  for (std::uint64_t i = 0; i < kTries; ++i) {
    nascent::Rng rng(1, i);
    view.sample(rng, {x, active});
    if (const auto graph = space.build(x.data(), active.data())) return *graph != nullptr;
  }
  return true;  // nothing is known; the trials will tell
}

// A component that needs what the study has not would refuse every trial.
Result<void> check_needs(const ResolvedStudy& study, const StudyComponent& component, std::uint32_t needs,
                         const StudySpace& space) {
  const auto refuse = [&](const std::string& why) -> Result<void> {
    const auto all = components(study.config);
    const auto given = std::ranges::find(all, component.path, &ComponentConfig::path);
    return fail(ErrorKind::invalid_input,
                fmt::format("{}: {} {} {}", to_string((*given)->type_where), kind_of_path(component.path),
                            toml_text(component.info.alias), why));
  };
  if ((needs & NAS_NEEDS_DATA) != 0 && !study.dataset) return refuse("needs data; add a [dataset]");
  if ((needs & NAS_NEEDS_GRAPH) != 0 && !builds_architectures(space)) {
    return refuse(fmt::format("needs architectures, and space {} builds none; take another space",
                              toml_text(study.space.info.alias)));
  }
  return {};
}

// wanted: what the sampler asks to be told.
Result<void> check_trial_components(PluginCatalog& catalog, const ResolvedStudy& study, const StudySpace& space,
                                    const std::optional<TaskShape>& shape, const std::vector<std::string>& wanted) {
  search::MeasuredMetrics measured;
  if (study.trainer) {
    if (auto tried = try_to_create<nas_trainer_vt>(catalog, *study.trainer, study.config); !tried) return tried;
    if (auto fits = check_needs(study, *study.trainer, study.trainer->info.flags, space); !fits) return fits;
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
    if (auto fits = check_needs(study, component, evaluation->needs() & NAS_NEEDS_GRAPH, space); !fits) return fits;
    measured.add(evaluation->metrics());
  }
  return measured.check(study.config, wanted);
}

}  // namespace

Result<PreparedStudy> prepare_study(StudyConfig config, PluginCatalog& catalog) {
  auto study = resolve_study(std::move(config), catalog);
  if (!study) return tl::unexpected<Error>(study.error());
  auto data = dataset_facts(catalog, *study);
  if (!data) return tl::unexpected<Error>(data.error());
  const std::optional<TaskShape> shape = *data ? std::optional((*data)->shape) : std::nullopt;
  auto composed = create_space(catalog, *study, shape);
  if (!composed) return tl::unexpected<Error>(composed.error());
  auto space = std::make_unique<const StudySpace>(std::move(*composed));

  const nas_sampler_arg sampler_arg = search::sampler_arg(study->config, *space);
  auto sampler = create_component<nas_sampler_vt>(catalog, study->sampler, study->config, &sampler_arg);
  if (!sampler) return tl::unexpected<Error>(sampler.error());
  PreparedStudy prepared{std::move(*study), std::move(*data), std::move(space), std::move(*sampler), {}};
  if (prepared.study.scheduler) {
    const nas_scheduler_arg arg = search::scheduler_arg(prepared.study.config);
    auto scheduler =
        create_component<nas_scheduler_vt>(catalog, *prepared.study.scheduler, prepared.study.config, &arg);
    if (!scheduler) return tl::unexpected<Error>(scheduler.error());
    prepared.scheduler = std::move(*scheduler);
  }
  const std::vector<std::string> wanted = search::wanted_metrics(prepared.sampler);
  if (auto checked = check_trial_components(catalog, prepared.study, *prepared.space, shape, wanted); !checked)
    return tl::unexpected<Error>(checked.error());
  return prepared;
}

}  // namespace nascent::core
