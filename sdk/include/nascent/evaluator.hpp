// Writing an evaluator: measures a trial, from its model, its architecture or only its configuration.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/metric.hpp"
#include "nascent/model.hpp"
#include "nascent/task.hpp"

NASCENT_SDK_BEGIN

// One metric an evaluator measures. needs: a sum of NAS_NEEDS_*, or 0 for the configuration only.
struct MetricDeclaration {
  std::string name;
  std::string help;
  Direction direction = Direction::none;
  std::uint32_t needs = 0;
};

struct EvaluatorSetup {
  Host host;
  std::int64_t n_classes = 0;  // 0 = regression, or no dataset
  SpaceView space;
};

// Everything one evaluation needs. Views; valid during the call.
struct EvalRequest {
  Options options;
  ModelRef model;              // empty when no metric needs one
  Subset data;                 // empty when no metric needs data
  const nas_graph* graph;      // null for a space without architectures; Graph::from_abi(*graph)
  ConstRow configuration;
  nas_budget budget;           // what was spent on the trial
};

// Where results go: numbers are metrics, text and arrays are kept beside the trial.
class Emit {
 public:
  explicit Emit(nas_emit raw) : raw_(raw) {}
  void metric(std::string_view name, double value) const { send(name, {NAS_T_FLOAT, 0, {.f = value}}); }
  void detail(std::string_view name, std::span<const double> values) const {
    send(name, {NAS_T_FLOATS, static_cast<std::uint32_t>(values.size()), {.fs = values.data()}});
  }
  void detail(std::string_view name, std::span<const std::int64_t> values) const {
    send(name, {NAS_T_INTS, static_cast<std::uint32_t>(values.size()), {.is = values.data()}});
  }
  void detail(std::string_view name, std::string_view text) const {
    send(name, {NAS_T_STR, static_cast<std::uint32_t>(text.size()), {.s = text.data()}});
  }

 private:
  void send(std::string_view name, nas_value value) const {
    const nas_named_value item{str(name), value};
    raw_.emit(raw_.ctx, &item);
  }
  nas_emit raw_;
};

struct EvaluatorKind;
// An evaluator plugin. Calls come one at a time.
class Evaluator {
 public:
  using Kind = EvaluatorKind;
  virtual ~Evaluator() = default;
  // Constant while the instance lives.
  [[nodiscard]] virtual const std::vector<MetricDeclaration>& metrics() const = 0;
  // Emits every declared metric once, finite. Throws Error(NAS_E_NUMERIC) when there is no finite value.
  virtual void evaluate(const Task& task, const EvalRequest& request, const Emit& emit) = 0;
};

struct EvaluatorKind {
  static constexpr std::string_view id = NAS_KIND_EVALUATOR;
  // The instance plus its metrics in C form.
  template <class T>
  struct Held {
    Held(const Options& options, const EvaluatorSetup& setup) : evaluator(make(options, setup)), space(setup.space) {
      for (const MetricDeclaration& m : evaluator.metrics()) {
        raw.push_back({str(m.name), str(m.help), static_cast<std::uint32_t>(m.direction), m.needs});
      }
    }
    static T make(const Options& options, const EvaluatorSetup& setup) {
      if constexpr (std::is_constructible_v<T, const Options&, const EvaluatorSetup&>) {
        return T(options, setup);
      } else if constexpr (std::is_constructible_v<T, const Options&>) {
        return T(options);
      } else {
        return T();
      }
    }
    T evaluator;
    SpaceView space;
    std::vector<nas_metric_info> raw;
    const void* extension(std::string_view name) {
      if constexpr (requires(T& t) { t.extension(name); }) return evaluator.extension(name);
      return nullptr;
    }
  };
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* kind_arg, void** self, nas_error* error) noexcept {
    return guarded(error, [&] {
      const auto& arg = detail::required<nas_evaluator_arg>(kind_arg, "nas_evaluator_arg");
      *self = new Held<T>(Options(config), EvaluatorSetup{Host(host), arg.n_classes, SpaceView(arg.space)});
    });
  }
  template <class T>
  static nas_status NAS_CALL metrics(void* self, const nas_metric_info** out, std::size_t* n, nas_error* error) noexcept {
    return guarded(error, [&] {
      const Held<T>& held = detail::self_of<Held<T>>(self);
      *out = held.raw.data();
      *n = held.raw.size();
    });
  }
  template <class T>
  static nas_status NAS_CALL evaluate(void* self, const nas_task* task, const nas_eval_arg* arg, nas_emit emit, nas_error* error) noexcept {
    return guarded(error, [&] {
      Held<T>& held = detail::self_of<Held<T>>(self);
      const EvalRequest request{Options(arg->options), ModelRef::share(arg->model), Subset(arg->data), arg->graph,
                                ConstRow({arg->x, held.space.size()}, {arg->active, held.space.size()}), arg->budget};
      held.evaluator.evaluate(Task(task), request, Emit(emit));
    });
  }
  template <class T>
  static constexpr nas_evaluator_vt table{sizeof(nas_evaluator_vt), 0, &create<T>, &detail::destroy<Held<T>>,
                                          &detail::extension<Held<T>>, &metrics<T>, &evaluate<T>};
};

NASCENT_SDK_END
