// Losses, and the metrics of a pass over rows.
#pragma once

#include <ATen/ATen.h>

#include "rows.hpp"
#include "settings.hpp"

namespace nascent::libtorch {

// The loss the settings ask for; throws InvalidOption where it does not fit the task.
LossKind choose_loss(const Settings& settings, bool classification);

// Mean over the batch. y: float32 [n, classes] logits, or [n, targets] standardised values.
at::Tensor loss_of(const at::Tensor& y, const Batch& batch, LossKind kind, const Settings& settings);

// What a pass over validation rows adds up to.
struct Score {
  double loss = 0;      // mean, without label smoothing
  double accuracy = 0;  // classes
  double rmse = 0;      // regression, in the target's own units
};

// Adds up batches; values are float64 sums, independent of how rows are cut into batches up to rounding.
class Scorer {
 public:
  Scorer(LossKind kind, const Settings& settings, Standardisation target);
  void add(const at::Tensor& y, const Batch& batch);
  // Adds what the others of the team have added.
  void add_from(const Team& team);
  [[nodiscard]] Score score() const;

 private:
  LossKind kind_;
  Settings settings_;
  Standardisation target_;
  double loss_ = 0, correct_ = 0, squares_ = 0;
  std::int64_t rows_ = 0, values_ = 0;
};

}  // namespace nascent::libtorch
