// Update rules over one contiguous buffer of all parameters.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "settings.hpp"
#include "weights.hpp"

namespace nascent::libtorch {

// SGD with (Nesterov) momentum: Sutskever et al. 2013; Adam: Kingma and Ba 2015; AdamW: Loshchilov and Hutter 2019.
// Weight decay acts on tensors of two or more axes only. On the CPU one vectorised pass per step.
class Optimizer {
 public:
  Optimizer(const OptimizerSettings& settings, const Weights& weights);
  // Changes parameters in place. step: 1 for the first update. parameters, gradients: [n] as in Weights.
  void step(const at::Tensor& parameters, const at::Tensor& gradients, double learning_rate, std::int64_t step);
  // Moments [n] each: what a checkpoint has to keep besides the parameters.
  [[nodiscard]] const std::vector<at::Tensor>& moments() const { return moments_; }

 private:
  struct Segment {
    std::int64_t begin, end;
    bool decayed;
  };
  void step_segment(float* p, const float* g, const Segment& segment, double learning_rate, std::int64_t step);
  void step_by_tensors(const at::Tensor& p, at::Tensor g, double learning_rate, std::int64_t step);

  OptimizerSettings settings_;
  std::vector<at::Tensor> moments_;  // SGD: one; Adam: two
  std::vector<Segment> segments_;
  at::Tensor decay_mask_;  // [n] 0 or 1; only off the CPU
};

}  // namespace nascent::libtorch
