// The contract of compressors: a new model that answers like a model, and an input that stays as it was.
#include <fmt/format.h>

#include <cmath>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"

namespace nascent::core {

std::vector<CheckFinding> check_compressor(const nas_component& component, const OptionTable& options) {
  Checklist list(subject_of(component));
  list.property("create");
  const auto compressor = fresh<nas_compressor_vt>(component, options);
  if (!compressor) {
    list.fails(compressor.error().message);
    return list.take();
  }
  for (const ReferenceTask task :
       {ReferenceTask::table_classes, ReferenceTask::images, ReferenceTask::table_regression}) {
    const std::string on = task == ReferenceTask::images          ? " (images)"
                           : task == ReferenceTask::table_classes ? " (classes)"
                                                                  : " (regression)";
    list.property("compresses_or_says_why_not" + on);
    const ModelRef model = ModelRef::adopt(reference_model(task));
    const nas_subset train = reference_subset(task, 0), validation = reference_subset(task, 1);
    const ModelState before = state_of(model.raw(), validation);
    RecordingTask recorder;
    const nas_config config = options.view();
    const nas_compress_arg arg{
        sizeof arg, 0, &config, model.raw(), train, validation, {}, nullptr, {NAS_UNIT_EPOCH, 0, 0, 0}};
    nas_model raw{};
    const auto answer = compressor->call(&nas_compressor_vt::compress, recorder.get(), &arg, &raw);
    const ModelRef smaller = ModelRef::adopt(raw);
    if (!answer) {
      list.that(answer.error().status == NAS_E_UNSUPPORTED || answer.error().status == NAS_E_INVALID,
                fmt::format("compress fails with {}: {}", status_name(answer.error().status), answer.error().reason));
      list.skip(answer.error().reason);
    } else if (list.that(!smaller.empty(), "compress succeeds without a model")) {
      const ModelState after = state_of(smaller.raw(), validation);
      list.that(after.prediction_shape == before.prediction_shape, "the new model's predictions have another shape");
      for (const float value : after.predictions)
        list.that(std::isfinite(value), "the new model predicts NaN or infinity");
      list.that(smaller.architecture().has_value(), "the new model has no architecture");
    }
    list.property("the_input_model_is_not_changed" + on, 6);
    list.that(state_of(model.raw(), validation) == before,
              "weights or predictions of the input model differ after compress");
  }
  return list.take();
}

}  // namespace nascent::core
