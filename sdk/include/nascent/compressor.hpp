// Writing a compressor: turns a model into a smaller one.
#pragma once

#include <memory>

#include "nascent/model.hpp"
#include "nascent/task.hpp"

NASCENT_SDK_BEGIN

// Everything one compression needs. Views; valid during the call.
struct CompressRequest {
  Options options;                 // this trial's options, searched values in place
  ModelRef model;                  // must not be changed
  Subset calibration, validation;
  nas_trainer trainer;             // for fine-tuning; vt null = none
  const nas_config* trainer_options;
  nas_budget budget;               // of fine-tuning
};

struct CompressorKind;
// A compressor plugin. Calls come one at a time.
class Compressor {
 public:
  using Kind = CompressorKind;
  virtual ~Compressor() = default;
  [[nodiscard]] virtual ModelRef compress(const Task& task, const CompressRequest& request) = 0;
  // The border's form of a model made here.
  static ModelRef wrap(std::unique_ptr<Model> model) { return ModelRef::adopt(detail::SharedModel::share(std::move(model))); }
};

struct CompressorKind {
  static constexpr std::string_view id = NAS_KIND_COMPRESSOR;
  struct Setup {
    Host host;
  };
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void*, void** self, nas_error* error) noexcept {
    return detail::create<T>(config, Setup{Host(host)}, self, error);
  }
  template <class T>
  static nas_status NAS_CALL compress(void* self, const nas_task* task, const nas_compress_arg* arg, nas_model* out, nas_error* error) noexcept {
    return guarded(error, [&] {
      const CompressRequest request{Options(arg->options), ModelRef::share(arg->model), Subset(arg->calibration),
                                    Subset(arg->validation), arg->trainer, arg->trainer_options, arg->budget};
      *out = detail::self_of<T>(self).compress(Task(task), request).release();
    });
  }
  template <class T>
  static constexpr nas_compressor_vt table{sizeof(nas_compressor_vt), 0, &create<T>, &detail::destroy<T>, &detail::extension<T>, &compress<T>};
};

NASCENT_SDK_END
