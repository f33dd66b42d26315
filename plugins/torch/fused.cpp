#include "fused.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "channel_kernels.hpp"
#include "distributed.hpp"

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

void update_running(const BatchNormState& s, const at::Tensor& mean, const at::Tensor& variance, double rows) {
  const double unbiased = rows > 1 ? rows / (rows - 1) : 1;
  auto *running_mean = s.running_mean.data_ptr<float>(), *running_var = s.running_var.data_ptr<float>();
  for (std::int64_t c = 0; c < mean.size(0); ++c) {
    running_mean[c] += static_cast<float>(s.momentum * (mean.data_ptr<float>()[c] - running_mean[c]));
    running_var[c] += static_cast<float>(s.momentum * (unbiased * variance.data_ptr<float>()[c] - running_var[c]));
  }
}

// What an autograd node keeps of a team, which outlives it.
std::int64_t address_of(const Team* team) { return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(team)); }
const Team* team_at(const c10::IValue& address) { return reinterpret_cast<const Team*>(static_cast<std::uintptr_t>(address.toInt())); }

struct BatchNormNode : torch::autograd::Function<BatchNormNode> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const c10::optional<at::Tensor>& maybe_added, const at::Tensor& running_mean, const at::Tensor& running_var, double momentum, double epsilon, bool rectify,
                            const Team* team) {
    const BatchNormState state{weight, bias, running_mean, running_var, momentum, epsilon};
    const at::Tensor added = maybe_added.value_or(at::Tensor());
    const Extent extent = extent_of(x);
    const at::Tensor mean = vector_of(extent.channels), variance = vector_of(extent.channels);
    channel_moments(x.data_ptr(), extent, mean.data_ptr<float>(), variance.data_ptr<float>());
    const auto own = static_cast<double>(extent.rows);
    const double rows = team != nullptr ? team->combine_moments(own, mean, variance) : own;
    update_running(state, mean, variance, rows);
    at::Tensor y = scaled(x, state, mean.data_ptr<float>(), variance.data_ptr<float>(), added, rectify ? Rectifier::relu : Rectifier::none);
    context->save_for_backward({x, weight, mean, variance, rectify ? y : at::Tensor()});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["rows"] = rows;
    context->saved_data["team"] = address_of(team);
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
    const at::Tensor sums = at::empty({2, extent.channels}, at::kFloat), d_bias = sums[0], d_weight = sums[1];
    auto *own_gx = d_weight.data_ptr<float>();
    channel_gradient_sums(x.data_ptr(), dy.data_ptr(), y.data_ptr(), mean.data_ptr<float>(), rectify, extent, d_bias.data_ptr<float>(), own_gx);
    const Team* team = team_at(context->saved_data["team"]);
    const at::Tensor whole = team != nullptr ? sums.clone() : sums;  // of the whole batch
    if (team != nullptr) team->sum(whole);
    const auto *sum_g = whole.data_ptr<float>(), *sum_gx = sum_g + extent.channels;
    const double epsilon = context->saved_data["epsilon"].toDouble(), rows = context->saved_data["rows"].toDouble();
    std::vector<float> a(static_cast<std::size_t>(extent.channels)), b(a.size()), d(a.size());
    for (std::size_t c = 0; c < a.size(); ++c) {
      const double inverse = 1 / std::sqrt(static_cast<double>(variance.data_ptr<float>()[c]) + epsilon);
      const double factor = weight.data_ptr<float>()[c] * inverse, slope = -factor * sum_gx[c] * inverse * inverse / rows;
      a[c] = static_cast<float>(factor);
      b[c] = static_cast<float>(slope);
      d[c] = static_cast<float>(-factor * sum_g[c] / rows - slope * mean.data_ptr<float>()[c]);
      own_gx[c] = static_cast<float>(own_gx[c] * inverse);  // becomes the gradient of the weight
    }
    const at::Tensor dx = at::empty_like(x);
    const at::Tensor d_added = context->saved_data["added"].toBool() ? at::empty_like(x) : at::Tensor();
    channel_gradient(x.data_ptr(), dy.data_ptr(), y.data_ptr(), a.data(), b.data(), d.data(), rectify, extent, dx.data_ptr(),
                     d_added.defined() ? d_added.data_ptr() : nullptr);
    return {dx, d_weight, d_bias, d_added, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// x [n, channels, ...] of any layout, by LibTorch's own operators.
struct SharedBatchNormNode : torch::autograd::Function<SharedBatchNormNode> {
  static std::vector<std::int64_t> all_but_channels(const at::Tensor& x) {
    std::vector<std::int64_t> axes{0};
    for (std::int64_t i = 2; i < x.dim(); ++i) axes.push_back(i);
    return axes;
  }
  static at::Tensor across(const at::Tensor& channels, const at::Tensor& x) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
    shape[1] = -1;
    return channels.view(shape);
  }

  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& running_mean, const at::Tensor& running_var, double momentum, double epsilon, const Team* team) {
    const at::Tensor values = x.to(at::kFloat);
    auto [variance, mean] = at::var_mean(values, all_but_channels(x), /*unbiased=*/false);
    const double rows = team->combine_moments(static_cast<double>(x.numel() / x.size(1)), mean, variance);
    running_mean.lerp_(mean, momentum);
    running_var.lerp_(variance * (rows > 1 ? rows / (rows - 1) : 1), momentum);
    const at::Tensor inverse = (variance + epsilon).rsqrt();
    context->save_for_backward({x, weight, mean, inverse});
    context->saved_data["rows"] = rows;
    context->saved_data["team"] = address_of(team);
    return ((values - across(mean, x)) * across(inverse * weight, x) + across(bias, x)).to(x.scalar_type());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    const at::Tensor normal = (x.to(at::kFloat) - across(mean, x)) * across(inverse, x), g = gradients[0].to(at::kFloat);
    const std::vector<std::int64_t> axes = all_but_channels(x);
    const at::Tensor d_bias = g.sum(axes), d_weight = (g * normal).sum(axes);
    const at::Tensor whole = at::stack({d_bias, d_weight});  // of the whole batch
    team_at(context->saved_data["team"])->sum(whole);
    whole.div_(context->saved_data["rows"].toDouble());
    const at::Tensor dx = across(inverse * weight, x) * (g - across(whole[0], x) - normal * across(whole[1], x));
    return {dx.to(x.scalar_type()), d_weight, d_bias, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
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

at::Tensor dropped(const at::Tensor& x, double ratio, std::uint64_t seed, std::int64_t first) {
  const auto keep = static_cast<std::uint32_t>(std::lround((1 - ratio) * 65536));
  const float scale = keep == 0 ? 0.0F : 65536.0F / static_cast<float>(keep);
  at::Tensor y = at::empty_like(x);
  drop(x.data_ptr(), x.scalar_type() == at::kBFloat16 ? Element::bfloat16 : Element::float32, x.numel(), seed, first, keep, scale, y.data_ptr());
  return y;
}

struct DropoutNode : torch::autograd::Function<DropoutNode> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double ratio, std::int64_t seed, std::int64_t first, bool channels_last) {
    context->saved_data["ratio"] = ratio;
    context->saved_data["seed"] = seed;
    context->saved_data["first"] = first;
    context->saved_data["channels_last"] = channels_last;
    return dropped(x, ratio, static_cast<std::uint64_t>(seed), first);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    auto& saved = context->saved_data;
    const at::Tensor dy = gradients[0].contiguous(saved["channels_last"].toBool() ? kLayout : at::MemoryFormat::Contiguous);
    return {dropped(dy, saved["ratio"].toDouble(), static_cast<std::uint64_t>(saved["seed"].toInt()), saved["first"].toInt()), at::Tensor(),
            at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

bool is_channels_last_image(const at::Tensor& x) {
  const bool type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  return type && x.is_cpu() && x.dim() == 4 && x.numel() > 0 && x.is_contiguous(kLayout);
}

at::Tensor fused_batch_norm(const at::Tensor& x, const BatchNormState& s, const at::Tensor& added, Rectifier rectifier, bool training,
                            const Team* team) {
  if (training) {
    const c10::optional<at::Tensor> maybe_added = added.defined() ? c10::optional<at::Tensor>(added) : c10::nullopt;
    return BatchNormNode::apply(x, s.weight, s.bias, maybe_added, s.running_mean, s.running_var, s.momentum, s.epsilon, rectifier == Rectifier::relu,
                                team);
  }
  return scaled(x, s, s.running_mean.data_ptr<float>(), s.running_var.data_ptr<float>(), added, rectifier);
}

at::Tensor shared_batch_norm(const at::Tensor& x, const BatchNormState& s, const Team& team) {
  return SharedBatchNormNode::apply(x, s.weight, s.bias, s.running_mean, s.running_var, s.momentum, s.epsilon, &team);
}

at::Tensor fused_max_pool_2x2(const at::Tensor& x) { return x.requires_grad() && at::GradMode::is_enabled() ? MaxPoolNode::apply(x) : pooled(x); }

at::Tensor fused_dropout(const at::Tensor& x, double ratio, std::uint64_t seed, std::int64_t first) {
  const bool channels_last = x.dim() == 4 && x.suggest_memory_format() == kLayout;
  const at::Tensor dense = x.contiguous(channels_last ? kLayout : at::MemoryFormat::Contiguous);
  return DropoutNode::apply(dense, ratio, static_cast<std::int64_t>(seed), first, channels_last);
}

}  // namespace nascent::libtorch
