#include "isolation/isolated.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <mutex>
#include <nascent/error.hpp>
#include <utility>

#include "isolation/component_process.hpp"
#include "isolation/observations.hpp"
#include "isolation/space_wire.hpp"
#include "isolation/wire.hpp"

namespace nascent::core::isolation {
namespace {

// What create() is given in place of the kind's own struct.
struct Order {
  std::string study, path, name;
  double seconds_max;
};

class Isolated {
 public:
  explicit Isolated(ComponentProcess process) : process_(std::move(process)) {}

  // Calls, and reads the head of the answer. `read` gets the rest where the component succeeded.
  template <class Read>
  nas_status call(const Packer& request, nas_error* error, const Read& read) {
    const std::lock_guard lock(mutex_);
    const auto answer = process_.call(request.bytes());
    if (!answer) return nascent::set_error(error, NAS_E_INTERNAL, answer.error().message);
    Unpacker from(*answer);
    const auto status = from.get<nas_status>();
    const std::string option = from.get_text(), reason = from.get_text();
    if (status == NAS_OK) read(from);
    if (!from.good()) return nascent::set_error(error, NAS_E_INTERNAL, "its process answered with a message that is none");
    return status == NAS_OK ? NAS_OK : nascent::set_error(error, status, reason, option);
  }
  // What came with the answer to Call::create.
  std::vector<std::string> metrics;         // that a sampler asks for
  bool learns_from_reports = false;         // NAS_SAMPLER_FIDELITY
  bool keeps_population = false;            // NAS_SCHEDULER_POPULATION
  std::size_t n_params = 0;                 // of the study, where a scheduler asks
  std::unique_ptr<const OwnedSpace> space;  // that a space declares

 private:
  std::mutex mutex_;  // a space may be asked from any thread
  ComponentProcess process_;
};

Isolated& isolated(void* self) { return *static_cast<Isolated*>(self); }

// No exception leaves a slot; those of memory are the only ones here.
template <class Body>
nas_status guarded(nas_error* error, const Body& body) noexcept {
  try {
    return body();
  } catch (const std::exception& e) {
    return nascent::set_error(error, NAS_E_NOMEM, e.what());
  }
}

nas_status NAS_CALL create_elsewhere(const nas_host*, const nas_config*, const void* kind_arg, void** self, nas_error* error) noexcept {
  return guarded(error, [&] {
    const Order& order = *static_cast<const Order*>(kind_arg);
    auto process = ComponentProcess::start(order.name, order.seconds_max);
    if (!process) return nascent::set_error(error, NAS_E_INTERNAL, process.error().message);
    auto made = std::make_unique<Isolated>(std::move(*process));
    Packer request;
    request.put(Call::create).put_text(order.path).put_text(order.study).put(static_cast<std::int32_t>(spdlog::get_level()));
    const nas_status status = made->call(request, error, [&](Unpacker& from) {
      if (order.path == "space") {
        made->space = OwnedSpace::read(from);
        return;
      }
      const auto n = from.get<std::uint64_t>();
      for (std::uint64_t i = 0; i < n && from.good(); ++i) made->metrics.push_back(from.get_text());
      made->learns_from_reports = order.path == "sampler" && from.get<bool>();
      if (order.path != "scheduler") return;
      made->keeps_population = from.get<bool>();
      made->n_params = from.get<std::uint64_t>();
    });
    if (status == NAS_OK && order.path == "space" && !made->space) {
      return nascent::set_error(error, NAS_E_INTERNAL, "its process answered with a space that is none");
    }
    if (status == NAS_OK) *self = made.release();
    return status;
  });
}

void NAS_CALL destroy_elsewhere(void* self) noexcept { delete &isolated(self); }

nas_status NAS_CALL metric_name(void* self, std::size_t index, nas_str* out) noexcept {
  const auto& metrics = isolated(self).metrics;
  if (index >= metrics.size()) return NAS_E_EXHAUSTED;
  *out = nascent::str(metrics[index]);
  return NAS_OK;
}
constexpr nas_sampler_metrics kMetrics{sizeof(nas_sampler_metrics), 0, &metric_name};

// A call that hands over observations and brings nothing back.
nas_status hand_over(Call call, void* self, const nas_obs* observations, nas_error* error) noexcept {
  return guarded(error, [&] {
    Packer message;
    message.put(call);
    put(message, observations);
    return isolated(self).call(message, error, [](Unpacker&) {});
  });
}

nas_status NAS_CALL tell(void* self, const nas_obs* observations, nas_error* error) noexcept {
  return hand_over(Call::tell, self, observations, error);
}
nas_status NAS_CALL tell_reports(void* self, const nas_obs* reports, nas_error* error) noexcept {
  return hand_over(Call::tell_reports, self, reports, error);
}
constexpr nas_sampler_fidelity kFidelity{sizeof(nas_sampler_fidelity), 0, &tell_reports};

const void* NAS_CALL extension_of_sampler(void* self, const char* id) noexcept {
  if (std::string_view(id) == NAS_SAMPLER_METRICS) return &kMetrics;
  if (std::string_view(id) == NAS_SAMPLER_FIDELITY && isolated(self).learns_from_reports) return &kFidelity;
  return nullptr;
}
const void* NAS_CALL extension_of_others(void*, const char*) noexcept { return nullptr; }

nas_status NAS_CALL ask(void* self, const nas_ask* request, nas_error* error) noexcept {
  return guarded(error, [&] {
    const nas_rows& out = *request->out;
    const std::size_t width = out.n_params;
    Packer message;
    message.put(Call::ask).put(out.n_params).put_array(out.trial_id, out.n_rows);
    put(message, request->pending);
    bool fits = false;
    const nas_status status = isolated(self).call(message, error, [&](Unpacker& from) {
      const auto n_filled = from.get<std::uint64_t>();
      const auto x = from.get_array<double>();
      const auto active = from.get_array<std::uint8_t>();
      *request->n_filled = n_filled;  // the caller judges what is no number of rows
      fits = from.good() && x.size() == out.n_rows * width && active.size() == x.size();
      if (!fits) return;
      std::ranges::copy(x, out.x);
      std::ranges::copy(active, out.active);
    });
    return status != NAS_OK || fits ? status : nascent::set_error(error, NAS_E_INTERNAL, "its process answered with rows of another size");
  });
}

nas_status NAS_CALL decide(void* self, const nas_obs* history, const nas_obs* trial, nas_verdict* out, nas_error* error) noexcept {
  return guarded(error, [&] {
    Packer message;
    message.put(Call::decide);
    put(message, history);
    put(message, trial);
    return isolated(self).call(message, error, [&](Unpacker& from) { *out = from.get<nas_verdict>(); });
  });
}

nas_status NAS_CALL poll_promotions(void* self, const nas_obs* history, nas_verdict* out, std::size_t cap, std::size_t* n,
                                    nas_error* error) noexcept {
  return guarded(error, [&] {
    Packer message;
    message.put(Call::poll);
    put(message, history);
    message.put(static_cast<std::uint64_t>(cap));
    return isolated(self).call(message, error, [&](Unpacker& from) {
      const auto verdicts = from.get_array<nas_verdict>();
      *n = std::min(verdicts.size(), cap);
      std::copy_n(verdicts.begin(), *n, out);
    });
  });
}

nas_status NAS_CALL admits(void* self, const nas_obs* history, std::uint64_t n_begun, std::uint64_t* out, nas_error* error) noexcept {
  return guarded(error, [&] {
    Packer message;
    message.put(Call::admits);
    put(message, history);
    message.put(n_begun);
    return isolated(self).call(message, error, [&](Unpacker& from) { *out = from.get<std::uint64_t>(); });
  });
}

nas_status NAS_CALL explore(void* self, std::uint64_t trial_id, const double* x, const std::uint8_t* active, double* out_x,
                            std::uint8_t* out_active, nas_error* error) noexcept {
  return guarded(error, [&] {
    const std::size_t n = isolated(self).n_params;
    Packer message;
    message.put(Call::explore).put(trial_id).put_array(x, n).put_array(active, n);
    bool fits = false;
    const nas_status status = isolated(self).call(message, error, [&](Unpacker& from) {
      const auto explored = from.get_array<double>();
      const auto explored_active = from.get_array<std::uint8_t>();
      fits = from.good() && explored.size() == n && explored_active.size() == n;
      if (!fits) return;
      std::ranges::copy(explored, out_x);
      std::ranges::copy(explored_active, out_active);
    });
    return status != NAS_OK || fits ? status : nascent::set_error(error, NAS_E_INTERNAL, "its process answered with a row of another size");
  });
}
constexpr nas_scheduler_population kPopulation{sizeof(nas_scheduler_population), 0, &admits, &explore};

const void* NAS_CALL extension_of_scheduler(void* self, const char* id) noexcept {
  if (std::string_view(id) == NAS_SCHEDULER_POPULATION && isolated(self).keeps_population) return &kPopulation;
  return nullptr;
}

nas_status NAS_CALL describe_space(void* self, const nas_space** out, nas_error*) noexcept {
  *out = isolated(self).space->view();
  return NAS_OK;
}

nas_status NAS_CALL build_elsewhere(void* self, const double* x, const std::uint8_t* active, nas_graph** out, nas_error* error) noexcept {
  return guarded(error, [&] {
    const std::size_t n = isolated(self).space->view()->n_params;
    Packer message;
    message.put(Call::build).put_array(x, n).put_array(active, n);
    bool fits = false;
    const nas_status status = isolated(self).call(message, error, [&](Unpacker& from) {
      const bool builds = from.get<bool>();
      nas_graph* graph = builds ? read_graph(from) : nullptr;
      fits = from.good() && builds == (graph != nullptr);
      *out = graph;
    });
    return status != NAS_OK || fits ? status : nascent::set_error(error, NAS_E_INTERNAL, "its process answered with a graph that is none");
  });
}

const nas_sampler_vt kSampler{sizeof(nas_sampler_vt), 0, &create_elsewhere, &destroy_elsewhere, &extension_of_sampler, &ask, &tell};
const nas_scheduler_vt kScheduler{sizeof(nas_scheduler_vt), 0,       &create_elsewhere, &destroy_elsewhere,
                                  &extension_of_scheduler,  &decide, &poll_promotions};
const nas_space_vt kSpace{sizeof(nas_space_vt), 0, &create_elsewhere, &destroy_elsewhere, &extension_of_others, &describe_space, &build_elsewhere};

const void* table_for(const nas_sampler_vt*) { return &kSampler; }
const void* table_for(const nas_scheduler_vt*) { return &kScheduler; }
const void* table_for(const nas_space_vt*) { return &kSpace; }

// Instances point to their component, which therefore lives to the end of the process.
struct Description {
  std::string kind, id, alias, version;
  nas_component component{};
};
const nas_component& described(const ComponentInfo& info, const void* table) {
  static std::mutex mutex;
  static auto& all = *new std::deque<Description>;
  const std::lock_guard lock(mutex);
  Description& d = all.emplace_back(Description{info.kind, info.id, info.alias, info.version, {}});
  d.component.size = sizeof d.component;
  d.component.kind = nascent::str(d.kind);
  d.component.id = nascent::str(d.id);
  d.component.alias = nascent::str(d.alias);
  d.component.version = nascent::str(d.version);
  d.component.vt = table;
  return d.component;
}

}  // namespace

template <class Table>
Result<Instance<Table>> create_isolated(const ResolvedStudy& study, const StudyComponent& component, const ComponentConfig& config) {
  const Order order{resolved_toml(study.config), component.path, fmt::format("{} {}", component.path, component.info.alias), config.call_seconds_max};
  const OptionTable none;
  const nas_config options = none.view();
  auto instance = Instance<Table>::create(described(component.info, table_for(static_cast<const Table*>(nullptr))), options, &order);
  if (!instance) return tl::unexpected<Error>(creation_error(instance.error(), component, study.config));
  return std::move(*instance);
}

template Result<Instance<nas_sampler_vt>> create_isolated(const ResolvedStudy&, const StudyComponent&, const ComponentConfig&);
template Result<Instance<nas_space_vt>> create_isolated(const ResolvedStudy&, const StudyComponent&, const ComponentConfig&);
template Result<Instance<nas_scheduler_vt>> create_isolated(const ResolvedStudy&, const StudyComponent&, const ComponentConfig&);

}  // namespace nascent::core::isolation
