// Writing a trainer: turns an architecture, options and data into a model.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nascent/metric.hpp"
#include "nascent/model.hpp"
#include "nascent/space.hpp"
#include "nascent/task.hpp"

NASCENT_SDK_BEGIN

// Everything one training needs. Views; valid during the call.
struct TrainRequest {
  std::optional<Graph> graph;      // none for a space without architectures
  Options options;                 // this trial's options, searched values in place
  Subset train, validation;
  nas_budget budget;               // train from `from` to `to`, in `unit`
  std::string resume_dir;          // a checkpoint to continue exactly, or empty
  std::string checkpoint_dir;      // write checkpoints here, or empty
  std::string prepared_dir;        // what prepare() wrote, or empty
  std::span<const nas_named_tensor> initial_weights;
  SpaceView space;                 // the configuration itself
  ConstRow configuration;
  // A checkpoint, at `budget.from`, of a trial with the same architecture and other options, or empty: start from its weights,
  // and from the state of its optimiser where that fits. Not together with resume_dir.
  std::string inherit_dir{};
};

// Work done once per study, for instance training a weight-sharing supernet.
struct PrepareRequest {
  nas_space_ref space;
  Subset train, validation;
  nas_budget budget;
  std::string dir;
};

struct TrainerKind;
// A trainer plugin. Calls come one at a time. Report through task.report() once per epoch at least; the newest report's
// metrics count as the trial's. Where they are known in advance list them in `static constexpr std::array reported`, see
// reported_metric(); and say in `static constexpr std::uint32_t training_needs` whether every training needs an
// architecture (NAS_NEEDS_GRAPH) or a dataset (NAS_NEEDS_DATA). On Verdict::stop return the model so far. Throw Diverged when the loss is NaN or infinite.
// A budget in NAS_UNIT_FRACTION is a share of the training rows: of one order of them, the same for all trials, the first so many. A
// trainer that comes to it by smaller shares reports after each of them, so that a scheduler can compare trials there.
class Trainer {
 public:
  using Kind = TrainerKind;
  virtual ~Trainer() = default;
  // Null for a trainer that makes no model of ours.
  [[nodiscard]] virtual std::unique_ptr<Model> train(const Task& task, const TrainRequest& request) = 0;
  // A model saved as "nascent".
  [[nodiscard]] virtual std::unique_ptr<Model> load(const Task& task, const std::string& path) {
    static_cast<void>(task);
    throw Error(NAS_E_UNSUPPORTED, "this trainer has no model files of its own: " + path);
  }
  // Once per study, before any train(); results go to request.dir.
  virtual void prepare(const Task& task, const PrepareRequest& request) {
    static_cast<void>(task);
    static_cast<void>(request);
  }
  // The distribution over the space that prepare() learnt, or null.
  [[nodiscard]] virtual const nas_distribution* distribution(const std::string& prepared_dir) {
    static_cast<void>(prepared_dir);
    return nullptr;
  }
};

struct TrainerKind {
  static constexpr std::string_view id = NAS_KIND_TRAINER;
  struct Setup {
    Host host;
  };
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void*, void** self, nas_error* error) noexcept {
    return detail::create<T>(config, Setup{Host(host)}, self, error);
  }
  template <class T>
  static nas_status NAS_CALL train(void* self, const nas_task* task, const nas_train_arg* arg, nas_model* out, nas_error* error) noexcept {
    return guarded(error, [&] {
      const SpaceView space(arg->space);
      const TrainRequest request{arg->graph != nullptr ? std::optional<Graph>(Graph::from_abi(*arg->graph)) : std::nullopt,
                                 Options(arg->options), Subset(arg->train), Subset(arg->validation), arg->budget,
                                 std::string(view(arg->resume_dir)), std::string(view(arg->checkpoint_dir)),
                                 std::string(view(arg->prepared_dir)), {arg->initial_weights, arg->n_initial_weights}, space,
                                 ConstRow({arg->x, space.size()}, {arg->active, space.size()}),
                                 NAS_HAS(arg, nas_train_arg, inherit_dir.p) ? std::string(view(arg->inherit_dir)) : std::string()};
      *out = detail::SharedModel::share(detail::self_of<T>(self).train(Task(task), request));
    });
  }
  template <class T>
  static nas_status NAS_CALL load(void* self, const nas_task* task, nas_str path, nas_model* out, nas_error* error) noexcept {
    return guarded(error, [&] {
      *out = detail::SharedModel::share(detail::self_of<T>(self).load(Task(task), std::string(view(path))));
    });
  }
  template <class T>
  static nas_status NAS_CALL prepare(void* self, const nas_task* task, const nas_prepare_arg* arg, nas_error* error) noexcept {
    return guarded(error, [&] {
      detail::self_of<T>(self).prepare(Task(task), {arg->space, Subset(arg->train), Subset(arg->validation), arg->budget,
                                                    std::string(view(arg->dir))});
    });
  }
  template <class T>
  static nas_status NAS_CALL distribution(void* self, nas_str prepared_dir, const nas_distribution** out, nas_error* error) noexcept {
    return guarded(error, [&] { *out = detail::self_of<T>(self).distribution(std::string(view(prepared_dir))); });
  }
  template <class T>
  static constexpr nas_trainer_vt table{sizeof(nas_trainer_vt), 0, &create<T>, &detail::destroy<T>, &detail::extension<T>,
                                        &train<T>, &load<T>, &prepare<T>, &distribution<T>};
};

NASCENT_SDK_END
