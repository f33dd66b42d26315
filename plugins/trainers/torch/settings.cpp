#include "settings.hpp"

namespace nascent::libtorch {
namespace {

template <class Enum, std::size_t n>
Enum choice(const Options& options, std::string_view name, const std::array<nas_str, n>& known) {
  const std::string value = options.text(name);
  std::string all;
  for (std::size_t i = 0; i < n; ++i) {
    if (view(known[i]) == value) return static_cast<Enum>(i);
    all += (i == 0 ? "" : ", ") + std::string(view(known[i]));
  }
  throw InvalidOption(name, std::string(name) + " is \"" + value + "\"; it has to be one of " + all);
}

}  // namespace

Settings parse_settings(const Options& options) {
  Settings s;
  s.optimizer = {choice<OptimizerKind>(options, "optimizer", choices::optimizer), options.real("momentum"), options.real("beta2"),
                 options.flag("nesterov"), options.real("weight_decay")};
  s.schedule = {choice<ScheduleKind>(options, "schedule", choices::schedule), options.real("learning_rate"), options.real("warmup"),
                options.real("step_share"), options.real("step_factor")};
  s.augment = {choice<Flip>(options, "flip", choices::flip), options.integer("shift"), options.integer("cutout"), options.real("mixup")};
  s.batch_size = options.integer("batch_size");
  s.loss = choice<LossKind>(options, "loss", choices::loss);
  s.huber_delta = options.real("huber_delta");
  s.label_smoothing = options.real("label_smoothing");
  s.clip_norm = options.real("clip_norm");
  s.ema_decay = options.real("ema_decay");
  s.patience = options.integer("patience");
  s.precision = choice<Precision>(options, "precision", choices::precision);
  s.device = choice<DeviceChoice>(options, "device", choices::device);
  s.schedule_length = options.real("schedule_length");
  s.fraction_first = options.real("fraction_first");
  s.passes = options.integer("passes");
  s.checkpoint_seconds = options.real("checkpoint_seconds");
  return s;
}

}  // namespace nascent::libtorch
