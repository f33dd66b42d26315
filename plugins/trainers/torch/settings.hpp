// The options of trainer `torch`, and one trial's values of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "nascent/options.hpp"
#include "schedule.hpp"

namespace nascent::libtorch {

enum class OptimizerKind { sgd, adam, adamw };
enum class Flip { none, horizontal, vertical, both };
enum class Precision { automatic, bf16, fp32 };
enum class DeviceChoice { automatic, cpu, cuda };
enum class LossKind { automatic, cross_entropy, mse, huber };

struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::adamw;
  double momentum = 0.9;  // Adam's beta1
  double beta2 = 0.999;
  bool nesterov = true;
  double weight_decay = 0.01;
};

struct AugmentSettings {
  Flip flip = Flip::none;
  std::int64_t shift = 0;   // pixels
  std::int64_t cutout = 0;  // edge of the square, pixels
  double mixup = 0;         // alpha of Beta(alpha, alpha)
  [[nodiscard]] bool needs_images() const { return flip != Flip::none || shift > 0 || cutout > 0; }
};

struct Settings {
  OptimizerSettings optimizer;
  ScheduleSettings schedule;
  AugmentSettings augment;
  std::int64_t batch_size = 128;
  LossKind loss = LossKind::automatic;
  double huber_delta = 1, label_smoothing = 0, clip_norm = 0, ema_decay = 0;
  std::int64_t patience = 0;  // reports without improvement before stopping; 0 = never
  Precision precision = Precision::automatic;
  DeviceChoice device = DeviceChoice::automatic;
  double schedule_length = 0;  // in the budget's unit; 0 = the budget
  double fraction_first = 0.0625;
  std::int64_t passes = 1;
  double checkpoint_seconds = 30;
};

Settings parse_settings(const Options& options);

namespace choices {
inline constexpr auto optimizer = names("sgd", "adam", "adamw");
inline constexpr auto schedule = names("one_cycle", "cosine", "step", "constant");
inline constexpr auto flip = names("none", "horizontal", "vertical", "both");
inline constexpr auto precision = names("auto", "bf16", "fp32");
inline constexpr auto device = names("auto", "cpu", "cuda");
inline constexpr auto loss = names("auto", "cross_entropy", "mse", "huber");
}  // namespace choices

inline constexpr std::array torch_options{
    option("optimizer", "update rule: SGD with momentum, Adam, or AdamW (decoupled weight decay)")
        .one_of(choices::optimizer).otherwise("adamw").searchable(),
    option("learning_rate", "largest learning rate of the schedule").real(1e-9, 1000).otherwise(0.003).searchable(),
    option("momentum", "momentum of SGD, beta1 of Adam").real(0, 0.9999).otherwise(0.9).searchable(),
    option("nesterov", "Nesterov's form of momentum (SGD)").flag().otherwise(true).searchable(),
    option("beta2", "decay of the squared gradients (Adam)").real(0, 0.99999).otherwise(0.999).searchable(),
    option("weight_decay", "pull towards zero, on weights only: not on biases and norms").real(0, 10).otherwise(0.01).searchable(),
    option("schedule", "course of the learning rate over the budget").one_of(choices::schedule).otherwise("one_cycle").searchable(),
    option("warmup", "share of the budget in which the learning rate rises").real(0, 0.9).otherwise(0.2).searchable(),
    option("step_share", "step schedule: share of the budget between two steps").real(0.001, 1).otherwise(0.3).searchable(),
    option("step_factor", "step schedule: factor at each step").real(0, 1).otherwise(0.1).searchable(),
    option("schedule_length", "length of the schedule in the budget's unit; 0 means the whole budget").real(0).otherwise(0.0),
    option("batch_size", "rows per step; halved when memory does not suffice").integer(1, 1 << 20).otherwise(128).searchable(),
    option("loss", "cross_entropy for classes; mse or huber for regression").one_of(choices::loss).otherwise("auto").searchable(),
    option("huber_delta", "where the Huber loss turns linear, in deviations of the target").real(1e-6, 1e6).otherwise(1.0).searchable(),
    option("label_smoothing", "share of the target spread over all classes").real(0, 0.99).otherwise(0.0).searchable(),
    option("clip_norm", "largest norm of the gradient; 0 means no limit").real(0, 1e9).otherwise(0.0).searchable(),
    option("flip", "mirror images at random").one_of(choices::flip).otherwise("none").searchable(),
    option("shift", "move images by up to so many pixels in each direction").integer(0, 1024).otherwise(0).searchable(),
    option("cutout", "blank a square of this edge in each image, in pixels").integer(0, 4096).otherwise(0).searchable(),
    option("mixup", "mix pairs of rows with weights from Beta(mixup, mixup); 0 means not").real(0, 100).otherwise(0.0).searchable(),
    option("ema_decay", "decay of the moving average of the weights that is handed back; 0 means none").real(0, 0.99999).otherwise(0.0).searchable(),
    option("patience", "reports without improvement before stopping with the best weights; 0 means never").integer(0, 1000000).otherwise(0).searchable(),
    option("precision", "arithmetic of training: auto takes bf16 where the CPU has it and it pays").one_of(choices::precision).otherwise("auto").searchable(),
    option("processes", "processes that train one model together, each on its share of every batch").integer(1, 64).otherwise(1),
    option("device", "where to train; auto takes CUDA when LibTorch has it").one_of(choices::device).otherwise("auto"),
    option("fraction_first", "budget in fraction: share of the training rows in the first part; each further part is twice as large")
        .real(0.000001, 1).otherwise(0.0625),
    option("passes", "budget in fraction: epochs over each part of the training rows").integer(1, 1000000).otherwise(1),
    option("checkpoint_seconds", "least time between two checkpoints").seconds().otherwise(30.0)};

}  // namespace nascent::libtorch
