#include <fcntl.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isolation/component_process.hpp"
#include "isolation/isolated.hpp"
#include "isolation/observations.hpp"
#include "isolation/space_wire.hpp"
#include "isolation/wire.hpp"
#include "nascent/core/config.hpp"
#include "search/proposals.hpp"
#include "search/verdicts.hpp"

namespace nascent::core::isolation {
namespace {

Packer answered(nas_status status, std::string_view option, std::string_view reason) {
  Packer answer;
  answer.put(status).put_text(option).put_text(reason);
  return answer;
}
Packer answered(const PluginResult<void>& result) {
  return result ? answered(NAS_OK, "", "") : answered(result.error().status, result.error().option, result.error().reason);
}
Packer answered(nas_status status, const nas_error& error) {
  return status == NAS_OK ? answered(NAS_OK, "", "") : answered(status, error.option, error.message);
}
Packer refused(const Error& error) { return answered(NAS_E_INTERNAL, "", error.message); }

// One component, created by the first message.
class Component {
 public:
  Packer answer(const std::string& message) {
    Unpacker from(message);
    switch (from.get<Call>()) {
      case Call::create:
        return create(from);
      case Call::ask:
        return ask(from);
      case Call::tell: {
        const Observations observations(from);
        return answered(sampler_->call(&nas_sampler_vt::tell, observations.view()));
      }
      case Call::tell_reports: {
        const Observations reports(from);
        nas_error error{};
        const nas_status status = fidelity_->tell_reports(sampler_->self(), reports.view(), &error);
        return answered(status, error);
      }
      case Call::decide:
        return decide(from);
      case Call::poll:
        return poll(from);
      case Call::admits:
        return admits(from);
      case Call::explore:
        return explore(from);
      case Call::build:
        return build(from);
    }
    return answered(NAS_E_INTERNAL, "", "unknown call");
  }

 private:
  Packer create(Unpacker& from) {
    const std::string path = from.get_text(), text = from.get_text();
    spdlog::set_level(static_cast<spdlog::level::level_enum>(from.get<std::int32_t>()));
    auto config = parse_study(text, "study", "/");
    if (!config) return refused(config.error());
    auto catalog = PluginCatalog::discover({config->plugins.path, config->plugins.allow, {}});
    if (!catalog) return refused(catalog.error());
    auto study = resolve_study(std::move(*config), *catalog);
    if (!study) return refused(study.error());
    study_ = std::move(*study);
    if (path == "space") return create_space_alone(*catalog);
    return path == "scheduler" ? create_scheduler(*catalog) : create_sampler(*catalog);
  }

  // The whole space of the study.
  Result<void> compose(PluginCatalog& catalog) {
    const auto shape = dataset_shape(catalog, study_);
    if (!shape) return tl::unexpected<Error>(shape.error());
    auto space = create_space(catalog, study_, *shape);
    if (!space) return tl::unexpected<Error>(space.error());
    space_.emplace(std::move(*space));
    return {};
  }

  Packer create_sampler(PluginCatalog& catalog) {
    if (const auto composed = compose(catalog); !composed) return refused(composed.error());
    const nas_sampler_arg arg = search::sampler_arg(study_.config, *space_);
    auto made = make<nas_sampler_vt>(catalog, study_.sampler, &arg, sampler_);
    if (!sampler_) return made;
    const auto metrics = search::wanted_metrics(*sampler_);
    made.put(static_cast<std::uint64_t>(metrics.size()));
    for (const std::string& name : metrics) made.put_text(name);
    fidelity_ = sampler_->extension<nas_sampler_fidelity>(NAS_SAMPLER_FIDELITY);
    return made.put(fidelity_ != nullptr);
  }

  Packer create_space_alone(PluginCatalog& catalog) {
    const auto shape = dataset_shape(catalog, study_);
    if (!shape) return refused(shape.error());
    nas_task_shape raw{};
    if (*shape) raw = (*shape)->view();
    const nas_space_arg arg{sizeof(nas_space_arg), 0, *shape ? &raw : nullptr};
    auto made = make<nas_space_vt>(catalog, study_.space, &arg, bare_space_);
    if (!bare_space_) return made;
    const nas_space* declared = nullptr;
    if (const auto described = bare_space_->call(&nas_space_vt::describe, &declared); !described) return answered(described);
    if (declared == nullptr) return answered(NAS_E_INTERNAL, "", "described nothing; its describe() must set *out");
    n_params_ = declared->n_params;
    put(made, *declared);
    return made;
  }

  Packer create_scheduler(PluginCatalog& catalog) {
    if (const auto composed = compose(catalog); !composed) return refused(composed.error());
    const nas_scheduler_arg arg = search::scheduler_arg(study_.config, &*space_);
    auto made = make<nas_scheduler_vt>(catalog, *study_.scheduler, &arg, scheduler_);
    if (!scheduler_) return made;
    population_ = scheduler_->extension<nas_scheduler_population>(NAS_SCHEDULER_POPULATION);
    return made.put(std::uint64_t{0}).put(population_ != nullptr).put(static_cast<std::uint64_t>(space_->size()));
  }

  template <class Table>
  static Packer make(PluginCatalog& catalog, const StudyComponent& component, const void* arg, std::optional<Instance<Table>>& to) {
    const auto loaded = catalog.load(component.info.kind, component.info.id);
    if (!loaded) return refused(loaded.error());
    auto instance = Instance<Table>::create(**loaded, component.fixed.view(), arg);
    if (!instance) return answered(instance.error().status, instance.error().option, instance.error().reason);
    to.emplace(std::move(*instance));
    return answered(NAS_OK, "", "");
  }

  Packer ask(Unpacker& from) {
    const auto n_params = from.get<std::uint32_t>();
    const auto trials = from.get_array<std::uint64_t>();
    const Observations pending(from);
    std::vector<double> x(trials.size() * n_params);
    std::vector<std::uint8_t> active(x.size());
    nas_rows rows{sizeof(nas_rows), n_params, trials.size(), trials.data(), x.data(), active.data()};
    std::size_t n_filled = 0;
    const nas_ask request{sizeof(nas_ask), 0, &rows, &n_filled, pending.view(), nullptr};
    Packer answer = answered(sampler_->call(&nas_sampler_vt::ask, &request));
    return answer.put(static_cast<std::uint64_t>(n_filled)).put_array(x.data(), x.size()).put_array(active.data(), active.size());
  }

  Packer build(Unpacker& from) {
    const auto x = from.get_array<double>();
    const auto active = from.get_array<std::uint8_t>();
    if (x.size() != n_params_ || active.size() != n_params_) return answered(NAS_E_INTERNAL, "", "a row of another width than the space");
    nas_graph* raw = nullptr;
    Packer answer = answered(bare_space_->call(&nas_space_vt::build, x.data(), active.data(), &raw));
    const GraphPtr graph(raw);
    answer.put(graph != nullptr);
    if (graph) put(answer, *graph);
    return answer;
  }

  Packer decide(Unpacker& from) {
    const Observations history(from), trial(from);
    nas_verdict verdict{};
    Packer answer = answered(scheduler_->call(&nas_scheduler_vt::decide, history.view(), trial.view(), &verdict));
    return answer.put(verdict);
  }

  Packer poll(Unpacker& from) {
    const Observations history(from);
    std::vector<nas_verdict> verdicts(from.get<std::uint64_t>());
    std::size_t n = 0;
    Packer answer = answered(scheduler_->call(&nas_scheduler_vt::poll, history.view(), verdicts.data(), verdicts.size(), &n));
    return answer.put_array(verdicts.data(), std::min(n, verdicts.size()));
  }

  Packer admits(Unpacker& from) {
    const Observations history(from);
    const auto n_begun = from.get<std::uint64_t>();
    std::uint64_t n = 0;
    nas_error error{};
    const nas_status status = population_->admits(scheduler_->self(), history.view(), n_begun, &n, &error);
    return answered(status, error).put(n);
  }

  Packer explore(Unpacker& from) {
    const auto child = from.get<std::uint64_t>();
    const auto x = from.get_array<double>();
    const auto active = from.get_array<std::uint8_t>();
    if (x.size() != space_->size() || active.size() != x.size()) return answered(NAS_E_INTERNAL, "", "a row of another width than the space");
    std::vector<double> out_x(x.size());
    std::vector<std::uint8_t> out_active(x.size());
    nas_error error{};
    const nas_status status = population_->explore(scheduler_->self(), child, x.data(), active.data(), out_x.data(), out_active.data(), &error);
    return answered(status, error).put_array(out_x.data(), out_x.size()).put_array(out_active.data(), out_active.size());
  }

  ResolvedStudy study_;
  std::optional<StudySpace> space_;
  std::optional<Instance<nas_space_vt>> bare_space_;  // of an isolated space: without the parameters of other components
  std::size_t n_params_ = 0;                          // of bare_space_
  std::optional<Instance<nas_sampler_vt>> sampler_;
  const nas_sampler_fidelity* fidelity_ = nullptr;  // of a sampler that learns from reports
  std::optional<Instance<nas_scheduler_vt>> scheduler_;
  const nas_scheduler_population* population_ = nullptr;  // of a scheduler that keeps one
};

}  // namespace

int component_main(int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("component"));
  spdlog::set_pattern("%l %v");
  Component component;
  for (std::string message; receive_message(socket, message);) {
    if (!send_message(socket, component.answer(message).bytes())) break;
  }
  return 0;
}

}  // namespace nascent::core::isolation
