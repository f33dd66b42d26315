#include "nascent/core/prepared_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nascent/rng.hpp>
#include <type_traits>
#include <vector>

#include "execution/evaluation.hpp"
#include "isolation/isolated.hpp"
#include "judged_metrics.hpp"
#include "nascent/core/trial_runner.hpp"
#include "nascent/core/warm_start.hpp"
#include "plugins/handshake.hpp"
#include "proposals.hpp"
#include "verdicts.hpp"

namespace nascent::core {
namespace {

// LibTorch lives in workers only.
bool may_live_here(const StudyComponent& component) {
  return component.info.plugin == nullptr || libtorch_build(component.info.plugin->build).empty();
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

// May a component that was refused have brought parameters? Only options that are tables can be distributions.
bool may_search(const ComponentConfig& refused) {
  return std::ranges::any_of(refused.options, [](const ConfigMember& o) { return o.value.table() != nullptr; });
}

// Creates what the study is made of; each part only where all that it needs is known to be right.
class Preparation {
 public:
  Preparation(StudyDraft draft, PluginCatalog& catalog)
      : catalog_(catalog), draft_(std::move(draft)), study_(resolve_study(draft_, catalog)) {}

  Result<PreparedStudy> operator()(StudyStart start) {
    create(start);
    if (!draft_.mistakes.empty()) return tl::unexpected(draft_.mistakes.error());
    return PreparedStudy{std::move(study_),    std::move(data_),      std::move(space_),
                         std::move(*sampler_), std::move(scheduler_), std::move(queue_)};
  }

 private:
  void create(StudyStart start);
  void open_data();
  void create_space();
  void create_sampler();
  void create_scheduler();
  void check_trainer();
  void check_compressors();
  void check_evaluators();

  [[nodiscard]] bool is_refused(const StudyComponent& component) const {
    return draft_.refused.contains(component.path);
  }
  [[nodiscard]] const ComponentConfig& config_of(const StudyComponent& component) const {
    const auto all = components(study_.config);
    return **std::ranges::find(all, component.path, &ComponentConfig::path);
  }
  void refuse(const StudyComponent& component, const Error& why) {
    draft_.mistakes.add(why);
    draft_.refused.insert(component.path);
  }
  template <class Table>
  std::optional<Instance<Table>> create(const StudyComponent& component, const void* kind_arg = nullptr) {
    if (is_refused(component) || waits_for_others(component)) return std::nullopt;
    auto instance = create_where_it_runs<Table>(component, kind_arg);
    if (instance) return std::move(*instance);
    refuse(component, instance.error());
    return std::nullopt;
  }
  // The process of an isolated component reads the whole study: mistakes elsewhere would be told as its own.
  [[nodiscard]] bool waits_for_others(const StudyComponent& component) const {
    return config_of(component).isolation == Isolation::process && !draft_.mistakes.empty();
  }
  template <class Table>
  Result<Instance<Table>> create_where_it_runs(const StudyComponent& component, const void* kind_arg) {
    if constexpr (std::is_same_v<Table, nas_space_vt> || std::is_same_v<Table, nas_sampler_vt> || std::is_same_v<Table, nas_scheduler_vt>) {
      const ComponentConfig& config = config_of(component);
      if (config.isolation == Isolation::process) return isolation::create_isolated<Table>(study_, component, config);
    }
    return create_component<Table>(catalog_, component, study_.config, kind_arg);
  }
  void check_needs(const StudyComponent& component, std::uint32_t needs);

  PluginCatalog& catalog_;
  StudyDraft draft_;  // without its config, which study_ has
  ResolvedStudy study_;
  bool data_known_ = true;  // what data_ says, nothing included, is right
  std::optional<DatasetFacts> data_;
  std::optional<TaskShape> shape_;
  std::unique_ptr<const StudySpace> space_;  // null where it is not known
  std::optional<Instance<nas_sampler_vt>> sampler_;
  std::optional<Instance<nas_scheduler_vt>> scheduler_;
  search::MeasuredMetrics measured_;
  std::vector<QueuedConfiguration> queue_;
};

void Preparation::create(StudyStart start) {
  open_data();
  create_space();
  create_sampler();
  create_scheduler();
  check_trainer();
  check_compressors();
  check_evaluators();
  if (!study_.trainer && study_.evaluators.empty()) measured_.add_unknown();  // which the file's reader complains about
  measured_.check(study_.config, sampler_ ? search::wanted_metrics(*sampler_) : std::vector<std::string>(),
                  draft_.mistakes);
  if (start == StudyStart::resume) return;
  if (space_ && draft_.parameters_known)
    queue_ = warm_start_queue(study_.config, *space_, draft_.mistakes);
  else
    check_earlier_studies(study_.config, draft_.mistakes);
}

void Preparation::open_data() {
  if (!study_.dataset) return;
  data_known_ = false;
  if (is_refused(*study_.dataset)) return;
  auto facts = dataset_facts(catalog_, study_);
  if (!facts) return refuse(*study_.dataset, facts.error());
  data_known_ = true;
  data_ = std::move(*facts);
  shape_ = data_->shape;
}

void Preparation::create_space() {
  for (const ComponentConfig* c : components(study_.config))
    draft_.parameters_known = draft_.parameters_known && !(draft_.refused.contains(c->path) && may_search(*c));
  if (!data_known_ || is_refused(study_.space) || waits_for_others(study_.space)) return;
  const bool isolated = config_of(study_.space).isolation == Isolation::process;
  if (isolated && study_.config.workers.execution == Execution::in_process) {
    // The trials have a space of their own, which would be in this process.
    return draft_.mistakes.add(config_of(study_.space).where,
                               "space.isolation = \"process\" needs trials in worker processes; write [workers] with execution = \"workers\"");
  }
  auto space = isolated
                   ? create_where_it_runs<nas_space_vt>(study_.space, nullptr).and_then([&](Instance<nas_space_vt> instance) {
                       return compose_space(std::move(instance), study_);
                     })
                   : core::create_space(catalog_, study_, shape_);
  if (!space) return refuse(study_.space, space.error());
  space_ = std::make_unique<const StudySpace>(std::move(*space));
}

void Preparation::create_sampler() {
  if (!draft_.settings_known || !space_ || !draft_.parameters_known) return;
  const nas_sampler_arg arg = search::sampler_arg(study_.config, *space_);
  sampler_ = create<nas_sampler_vt>(study_.sampler, &arg);
}

void Preparation::create_scheduler() {
  if (!draft_.settings_known || !study_.scheduler) return;
  const StudySpace* space = draft_.parameters_known ? space_.get() : nullptr;
  const nas_scheduler_arg arg = search::scheduler_arg(study_.config, space);
  scheduler_ = create<nas_scheduler_vt>(*study_.scheduler, &arg);
  if (!scheduler_ || !search::keeps_population(*scheduler_)) return;
  const StudyConfig& config = study_.config;
  if (!files_in_store(config) && artifacts_folder(config.store, config.name, config.workers.artifacts).empty()) {
    draft_.mistakes.add(config_of(*study_.scheduler).type_where,
                        fmt::format("scheduler {} lets trials go on from the checkpoints of others, and a study whose store is {} keeps no files; "
                                    "name a folder with workers.artifacts, or take a file as its store",
                                    toml_text(study_.scheduler->info.alias), toml_text(config.store)));
  }
}

void Preparation::check_trainer() {
  if (!study_.trainer) return;
  const StudyComponent& trainer = *study_.trainer;
  if (data_known_)
    measured_.add_trainer(trainer.info, shape_);
  else
    measured_.add_trainer(trainer.info);
  if (may_live_here(trainer)) create<nas_trainer_vt>(trainer);
  if (!is_refused(trainer)) check_needs(trainer, trainer.info.flags);
}

void Preparation::check_compressors() {
  for (const StudyComponent& compressor : study_.compressors) {
    if (may_live_here(compressor)) create<nas_compressor_vt>(compressor);
  }
}

void Preparation::check_evaluators() {
  for (const StudyComponent& component : study_.evaluators) {
    if (is_refused(component) || !may_live_here(component) || !data_known_ || !space_ || !draft_.parameters_known) {
      measured_.add_unknown();
      continue;
    }
    const auto evaluation = Evaluation::create(catalog_, study_, component, *space_, shape_ ? shape_->n_classes() : 0);
    if (!evaluation) {
      refuse(component, evaluation.error());
      measured_.add_unknown();
      continue;
    }
    check_needs(component, evaluation->needs() & NAS_NEEDS_GRAPH);
    measured_.add_evaluator(config_of(component), evaluation->metrics(), draft_.mistakes);
  }
}

// A component that needs what the study has not would refuse every trial.
void Preparation::check_needs(const StudyComponent& component, std::uint32_t needs) {
  const auto say = [&](const std::string& why) {
    draft_.mistakes.add(config_of(component).type_where,
                        fmt::format("{} {} {}", kind_of_path(component.path), toml_text(component.info.alias), why));
  };
  if ((needs & NAS_NEEDS_DATA) != 0 && !study_.dataset) return say("needs data; add a [dataset]");
  if ((needs & NAS_NEEDS_GRAPH) != 0 && space_ && !builds_architectures(*space_)) {
    say(fmt::format("needs architectures, and space {} builds none; take another space",
                    toml_text(study_.space.info.alias)));
  }
}

}  // namespace

Result<PreparedStudy> prepare_study(StudyDraft draft, PluginCatalog& catalog, StudyStart start) {
  return Preparation(std::move(draft), catalog)(start);
}

}  // namespace nascent::core
