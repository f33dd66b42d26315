#include "optimizer.hpp"

#include <cmath>

#include "vectorised.hpp"

namespace nascent::libtorch {
namespace {

constexpr float kEpsilon = 1e-8F;

struct SgdStep {
  float rate, momentum, decay;  // decay: added to the gradient
  bool nesterov;
};

NASCENT_VECTORISED void sgd(float* __restrict p, const float* __restrict g, float* __restrict m, std::int64_t n, SgdStep s) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float d = g[i] + s.decay * p[i];
    m[i] = s.momentum * m[i] + d;
    p[i] -= s.rate * (s.nesterov ? d + s.momentum * m[i] : m[i]);
  }
}

struct AdamStep {
  float rate;           // divided by 1 - beta1^t
  float second_scale;   // 1 / sqrt(1 - beta2^t)
  float beta1, beta2;
  float coupled_decay;  // Adam: added to the gradient
  float shrink;         // AdamW: factor on the parameter
};

NASCENT_VECTORISED void adam(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v, std::int64_t n, AdamStep s) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float d = g[i] + s.coupled_decay * p[i];
    m[i] = s.beta1 * m[i] + (1 - s.beta1) * d;
    v[i] = s.beta2 * v[i] + (1 - s.beta2) * d * d;
    p[i] = s.shrink * p[i] - s.rate * m[i] / (std::sqrt(v[i]) * s.second_scale + kEpsilon);
  }
}

AdamStep adam_step(const OptimizerSettings& s, double rate, std::int64_t step, bool decayed) {
  const double t = static_cast<double>(step), decay = decayed ? s.weight_decay : 0;
  const bool decoupled = s.kind == OptimizerKind::adamw;
  return {static_cast<float>(rate / (1 - std::pow(s.momentum, t))), static_cast<float>(1 / std::sqrt(1 - std::pow(s.beta2, t))),
          static_cast<float>(s.momentum), static_cast<float>(s.beta2), static_cast<float>(decoupled ? 0 : decay),
          static_cast<float>(decoupled ? 1 - rate * decay : 1)};
}

}  // namespace

Optimizer::Optimizer(const OptimizerSettings& settings, const Weights& weights) : settings_(settings) {
  const at::Tensor& parameters = weights.parameters();
  const std::size_t n_moments = settings.kind == OptimizerKind::sgd ? 1 : 2;
  for (std::size_t i = 0; i < n_moments; ++i) moments_.push_back(at::zeros_like(parameters));
  for (const Weights::Entry& entry : weights.entries()) {
    if (entry.info.role == WeightRole::statistic) continue;
    const bool decayed = entry.info.shape.size() >= 2;
    const std::int64_t end = entry.offset + elements(entry.info.shape);
    if (!segments_.empty() && segments_.back().decayed == decayed) {
      segments_.back().end = end;
    } else {
      segments_.push_back({entry.offset, end, decayed});
    }
  }
  if (parameters.is_cpu()) return;
  decay_mask_ = at::zeros_like(parameters);
  for (const Segment& s : segments_) decay_mask_.slice(0, s.begin, s.end).fill_(s.decayed ? 1 : 0);
}

void Optimizer::step(const at::Tensor& parameters, const at::Tensor& gradients, double learning_rate, std::int64_t step) {
  const at::NoGradGuard no_grad;
  if (!parameters.is_cpu()) return step_by_tensors(parameters, gradients, learning_rate, step);
  for (const Segment& segment : segments_) {
    step_segment(parameters.data_ptr<float>(), gradients.data_ptr<float>(), segment, learning_rate, step);
  }
}

void Optimizer::step_segment(float* p, const float* g, const Segment& segment, double rate, std::int64_t step) {
  const std::int64_t begin = segment.begin, n = segment.end - segment.begin;
  float* m = moments_[0].data_ptr<float>() + begin;
  if (settings_.kind == OptimizerKind::sgd) {
    const double decay = segment.decayed ? settings_.weight_decay : 0;
    sgd(p + begin, g + begin, m, n,
        {static_cast<float>(rate), static_cast<float>(settings_.momentum), static_cast<float>(decay), settings_.nesterov});
  } else {
    adam(p + begin, g + begin, m, moments_[1].data_ptr<float>() + begin, n, adam_step(settings_, rate, step, segment.decayed));
  }
}

void Optimizer::step_by_tensors(const at::Tensor& p, at::Tensor g, double rate, std::int64_t step) {
  if (settings_.kind == OptimizerKind::sgd) {
    g = g + decay_mask_ * p * settings_.weight_decay;
    moments_[0].mul_(settings_.momentum).add_(g);
    p.sub_((settings_.nesterov ? g + moments_[0] * settings_.momentum : moments_[0]) * rate);
    return;
  }
  const AdamStep s = adam_step(settings_, rate, step, true);
  g = g + decay_mask_ * p * s.coupled_decay;
  moments_[0].mul_(s.beta1).add_(g, 1 - s.beta1);
  moments_[1].mul_(s.beta2).addcmul_(g, g, 1 - s.beta2);
  p.mul_(1 - decay_mask_ * (1 - s.shrink)).sub_(moments_[0] * s.rate / (moments_[1].sqrt() * s.second_scale + kEpsilon));
}

}  // namespace nascent::libtorch
