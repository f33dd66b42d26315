#include "fused.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "channel_kernels.hpp"

namespace nascent::libtorch {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kLayout = at::MemoryFormat::ChannelsLast;

Extent extent_of(const at::Tensor& x) {
  return {x.scalar_type() == at::kBFloat16 ? Element::bfloat16 : Element::float32, x.size(0) * x.size(2) * x.size(3), x.size(1)};
}
Image image_of(const at::Tensor& x) { return {extent_of(x).element, x.size(0), x.size(2), x.size(3), x.size(1)}; }

at::Tensor vector_of(std::int64_t n) { return at::empty({n}, at::kFloat); }

// scale and shift such that batch_norm(x) = x * scale + shift.
void fold(const BatchNormState& s, const float* mean, const float* variance, std::vector<float>& scale, std::vector<float>& shift) {
  const auto *weight = s.weight.data_ptr<float>(), *bias = s.bias.data_ptr<float>();
  for (std::size_t c = 0; c < scale.size(); ++c) {
    scale[c] = static_cast<float>(weight[c] / std::sqrt(static_cast<double>(variance[c]) + s.epsilon));
    shift[c] = bias[c] - mean[c] * scale[c];
  }
}

at::Tensor scaled(const at::Tensor& x, const BatchNormState& s, const float* mean, const float* variance, const at::Tensor& added, Rectifier r) {
  const auto channels = static_cast<std::size_t>(x.size(1));
  std::vector<float> scale(channels), shift(channels);
  fold(s, mean, variance, scale, shift);
  at::Tensor y = at::empty_like(x);
  channel_scale(x.data_ptr(), scale.data(), shift.data(), added.defined() ? added.data_ptr() : nullptr,
                r == Rectifier::relu ? Rectify::yes : Rectify::no, extent_of(x), y.data_ptr());
  return y;
}

void update_running(const BatchNormState& s, const at::Tensor& mean, const at::Tensor& variance, std::int64_t rows) {
  const double unbiased = rows > 1 ? static_cast<double>(rows) / static_cast<double>(rows - 1) : 1;
  auto *running_mean = s.running_mean.data_ptr<float>(), *running_var = s.running_var.data_ptr<float>();
  for (std::int64_t c = 0; c < mean.size(0); ++c) {
    running_mean[c] += static_cast<float>(s.momentum * (mean.data_ptr<float>()[c] - running_mean[c]));
    running_var[c] += static_cast<float>(s.momentum * (unbiased * variance.data_ptr<float>()[c] - running_var[c]));
  }
}

struct BatchNormNode : torch::autograd::Function<BatchNormNode> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const c10::optional<at::Tensor>& maybe_added, const at::Tensor& running_mean, const at::Tensor& running_var, double momentum, double epsilon, bool rectify) {
    const BatchNormState state{weight, bias, running_mean, running_var, momentum, epsilon};
    const at::Tensor added = maybe_added.value_or(at::Tensor());
    const Extent extent = extent_of(x);
    const at::Tensor mean = vector_of(extent.channels), variance = vector_of(extent.channels);
    channel_moments(x.data_ptr(), extent, mean.data_ptr<float>(), variance.data_ptr<float>());
    update_running(state, mean, variance, extent.rows);
    at::Tensor y = scaled(x, state, mean.data_ptr<float>(), variance.data_ptr<float>(), added, rectify ? Rectifier::relu : Rectifier::none);
    context->save_for_backward({x, weight, mean, variance, rectify ? y : at::Tensor()});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["added"] = added.defined();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3];
    const Extent extent = extent_of(x);
    const Rectify rectify = saved[4].defined() ? Rectify::yes : Rectify::no;
    const at::Tensor& y = saved[4].defined() ? saved[4] : x;  // not looked at without a rectifier
    const at::Tensor dy = gradients[0].to(x.scalar_type()).contiguous(kLayout);
    const at::Tensor d_bias = vector_of(extent.channels), d_weight = vector_of(extent.channels);
    auto *sum_g = d_bias.data_ptr<float>(), *sum_gx = d_weight.data_ptr<float>();
    channel_gradient_sums(x.data_ptr(), dy.data_ptr(), y.data_ptr(), mean.data_ptr<float>(), rectify, extent, sum_g, sum_gx);
    const double epsilon = context->saved_data["epsilon"].toDouble(), rows = static_cast<double>(extent.rows);
    std::vector<float> a(static_cast<std::size_t>(extent.channels)), b(a.size()), d(a.size());
    for (std::size_t c = 0; c < a.size(); ++c) {
      const double inverse = 1 / std::sqrt(static_cast<double>(variance.data_ptr<float>()[c]) + epsilon);
      const double factor = weight.data_ptr<float>()[c] * inverse, slope = -factor * sum_gx[c] * inverse * inverse / rows;
      a[c] = static_cast<float>(factor);
      b[c] = static_cast<float>(slope);
      d[c] = static_cast<float>(-factor * sum_g[c] / rows - slope * mean.data_ptr<float>()[c]);
      sum_gx[c] = static_cast<float>(sum_gx[c] * inverse);  // becomes the gradient of the weight
    }
    const at::Tensor dx = at::empty_like(x);
    const at::Tensor d_added = context->saved_data["added"].toBool() ? at::empty_like(x) : at::Tensor();
    channel_gradient(x.data_ptr(), dy.data_ptr(), y.data_ptr(), a.data(), b.data(), d.data(), rectify, extent, dx.data_ptr(),
                     d_added.defined() ? d_added.data_ptr() : nullptr);
    return {dx, d_weight, d_bias, d_added, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor pooled(const at::Tensor& x) {
  at::Tensor y = at::empty({x.size(0), x.size(1), x.size(2) / 2, x.size(3) / 2}, x.options().memory_format(kLayout));
  max_pool_2x2(x.data_ptr(), image_of(x), y.data_ptr());
  return y;
}

struct MaxPoolNode : torch::autograd::Function<MaxPoolNode> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    at::Tensor y = pooled(x);
    context->save_for_backward({x, y});
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].to(saved[0].scalar_type()).contiguous(kLayout);
    at::Tensor dx = at::empty_like(saved[0]);
    max_pool_2x2_gradient(saved[0].data_ptr(), saved[1].data_ptr(), dy.data_ptr(), image_of(saved[0]), dx.data_ptr());
    return {dx};
  }
};

at::Tensor dropped(const at::Tensor& x, double ratio, std::uint64_t seed) {
  const auto keep = static_cast<std::uint32_t>(std::lround((1 - ratio) * 65536));
  const float scale = keep == 0 ? 0.0F : 65536.0F / static_cast<float>(keep);
  at::Tensor y = at::empty_like(x);
  drop(x.data_ptr(), x.scalar_type() == at::kBFloat16 ? Element::bfloat16 : Element::float32, x.numel(), seed, keep, scale, y.data_ptr());
  return y;
}

struct DropoutNode : torch::autograd::Function<DropoutNode> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double ratio, std::int64_t seed, bool channels_last) {
    context->saved_data["ratio"] = ratio;
    context->saved_data["seed"] = seed;
    context->saved_data["channels_last"] = channels_last;
    return dropped(x, ratio, static_cast<std::uint64_t>(seed));
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    auto& saved = context->saved_data;
    const at::Tensor dy = gradients[0].contiguous(saved["channels_last"].toBool() ? kLayout : at::MemoryFormat::Contiguous);
    return {dropped(dy, saved["ratio"].toDouble(), static_cast<std::uint64_t>(saved["seed"].toInt())), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

bool is_channels_last_image(const at::Tensor& x) {
  const bool type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  return type && x.is_cpu() && x.dim() == 4 && x.numel() > 0 && x.is_contiguous(kLayout);
}

at::Tensor fused_batch_norm(const at::Tensor& x, const BatchNormState& s, const at::Tensor& added, Rectifier rectifier, bool training) {
  if (training) {
    const c10::optional<at::Tensor> maybe_added = added.defined() ? c10::optional<at::Tensor>(added) : c10::nullopt;
    return BatchNormNode::apply(x, s.weight, s.bias, maybe_added, s.running_mean, s.running_var, s.momentum, s.epsilon, rectifier == Rectifier::relu);
  }
  return scaled(x, s, s.running_mean.data_ptr<float>(), s.running_var.data_ptr<float>(), added, rectifier);
}

at::Tensor fused_max_pool_2x2(const at::Tensor& x) { return x.requires_grad() && at::GradMode::is_enabled() ? MaxPoolNode::apply(x) : pooled(x); }

at::Tensor fused_dropout(const at::Tensor& x, double ratio, std::uint64_t seed) {
  const bool channels_last = x.dim() == 4 && x.suggest_memory_format() == kLayout;
  const at::Tensor dense = x.contiguous(channels_last ? kLayout : at::MemoryFormat::Contiguous);
  return DropoutNode::apply(dense, ratio, static_cast<std::int64_t>(seed), channels_last);
}

}  // namespace nascent::libtorch
