// Kernels of layers: products, convolutions, normalisation, activations, arithmetic.
#include <array>

#include "fused.hpp"
#include "plan.hpp"
#include "windows.hpp"

namespace nascent::libtorch {
namespace {

using Ints = std::vector<std::int64_t>;

Kernel convolution(const Lowering& node, bool transposed) {
  const std::size_t axes = node.inputs[0].size() - 1;
  const Window window(node, axes);
  const std::int64_t groups = node.attributes.integer("group");
  const bool bias = node.attributes.flag("bias");
  const Ints extra = transposed ? node.attributes.integers("output_padding", axes) : Ints(axes, 0);
  const bool thins = !transposed && window.thins_first(node.inputs[0][0]);
  const Ints strides = thins ? Ints(axes, 1) : window.strides;
  return [=](const Call& call) {
    // Transposed ones stay in float32: LibTorch 1.13 has no bfloat16 form of them on the CPU.
    const at::ScalarType type = transposed ? at::kFloat : call.pass.compute;
    at::Tensor x = call.in(0).to(type);
    if (!transposed) x = window.padded(x, 0);
    if (thins) {
      const at::MemoryFormat layout = x.suggest_memory_format();
      x = window.thinned(x);
      if (call.pass.path == Path::fast) x = x.contiguous(layout);  // strides of a view may no longer tell it
    }
    const at::Tensor w = call.weight(0).to(type);
    const c10::optional<at::Tensor> b = bias ? c10::optional<at::Tensor>(call.weight(1).to(type)) : c10::nullopt;
    const Ints pads = transposed && !window.symmetric() ? Ints(axes, 0) : window.begin_pads();
    at::Tensor y = at::convolution(x, w, b, strides, pads, window.dilations, transposed, extra, groups);
    if (transposed && !window.symmetric()) y = window.cropped(y);
    call.out(std::move(y));
  };
}

Kernel gemm(const Lowering& node) {
  const bool bias = node.attributes.flag("bias");
  return [bias](const Call& call) {
    const c10::optional<at::Tensor> b = bias ? c10::optional<at::Tensor>(call.compute_weight(1)) : c10::nullopt;
    call.out(at::linear(call.compute_in(0), call.compute_weight(0), b));
  };
}

Kernel layer_norm(const Lowering& node) {
  const double epsilon = node.attributes.number("epsilon");
  const Ints shape = node.weights[0].shape;
  return [=](const Call& call) { call.out(at::layer_norm(call.float_in(0), shape, call.weight(0), call.weight(1), epsilon)); };
}

Kernel group_norm(const Lowering& node, std::int64_t groups) {
  const double epsilon = node.attributes.number("epsilon");
  return [=](const Call& call) {
    call.out(at::group_norm(call.float_in(0).contiguous(), groups, call.weight(0), call.weight(1), epsilon));
  };
}

Kernel dropout(const Lowering& node) {
  const double ratio = node.attributes.number("ratio");
  return [ratio](const Call& call) {
    const at::Tensor& x = call.in(0);
    if (!call.training() || ratio == 0) return call.out(x);
    if (ratio == 1) return call.out(x * 0);
    const bool known = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
    const std::int64_t first = x.size(0) > 0 ? call.pass.first_row * (x.numel() / x.size(0)) : 0;
    if (x.is_cpu() && known) return call.out(fused_dropout(x, ratio, call.draw_seed(), first));
    at::Generator generator = at::globalContext().defaultGenerator(x.device());
    generator.set_current_seed(derive_seed(call.draw_seed(), static_cast<std::uint64_t>(first)));
    call.out(x * at::empty_like(x).bernoulli_(1 - ratio, generator).div_(1 - ratio));
  };
}

// An activation without parameters; `minimum` is the narrowest type it is good in.
enum class Minimum { bfloat16, float32 };
Kernel unary(at::Tensor (*function)(const at::Tensor&), Minimum minimum) {
  return [=](const Call& call) { call.out(function(minimum == Minimum::float32 ? call.float_in(0) : call.in(0))); };
}

Kernel fold(at::Tensor (*function)(const at::Tensor&, const at::Tensor&)) {
  return [function](const Call& call) {
    at::Tensor sum = call.in(0);
    for (std::size_t i = 1; i < call.inputs(); ++i) sum = function(sum, call.in(i));
    call.out(std::move(sum));
  };
}

at::Tensor add(const at::Tensor& a, const at::Tensor& b) { return at::add(a, b); }
at::Tensor subtract(const at::Tensor& a, const at::Tensor& b) { return at::sub(a, b); }

std::optional<Kernel> activation(const Lowering& node) {
  const std::string& op = node.node.op;
  if (op == "Relu") return unary(at::relu, Minimum::bfloat16);
  if (op == "Tanh") return unary(at::tanh, Minimum::bfloat16);
  if (op == "Sigmoid") return unary(at::sigmoid, Minimum::bfloat16);
  if (op == "Swish") return unary(at::silu, Minimum::bfloat16);
  if (op == "Selu") return unary(at::selu, Minimum::float32);
  if (op == "HardSwish") return unary(at::hardswish, Minimum::float32);
  if (op == "Mish") return unary(at::mish, Minimum::float32);
  if (op == "LeakyRelu") {
    const double alpha = node.attributes.number("alpha");
    return [alpha](const Call& call) { call.out(at::leaky_relu(call.in(0), alpha)); };
  }
  if (op == "Elu") {
    const double alpha = node.attributes.number("alpha");
    return [alpha](const Call& call) { call.out(at::elu(call.float_in(0), alpha)); };
  }
  if (op == "Gelu") {
    const std::string approximate = node.attributes.text("approximate");
    return [approximate](const Call& call) { call.out(at::gelu(call.in(0), approximate)); };
  }
  if (op == "HardSigmoid") {
    const double alpha = node.attributes.number("alpha"), beta = node.attributes.number("beta");
    return [=](const Call& call) { call.out(at::clamp(call.float_in(0) * alpha + beta, 0, 1)); };
  }
  if (op == "Softplus") return Kernel([](const Call& call) { call.out(at::softplus(call.float_in(0))); });
  if (op == "Softmax") {
    const std::int64_t axis = node.attributes.integer("axis");
    return [axis](const Call& call) { call.out(at::softmax(call.float_in(0), axis)); };
  }
  return std::nullopt;
}

}  // namespace

Kernel batch_norm_kernel(const Lowering& node, NormTail tail) {
  const double epsilon = node.attributes.number("epsilon");
  const double momentum = 1 - node.attributes.number("momentum");  // LibTorch's is the share of the new value
  return [=](const Call& call) {
    const at::Tensor& x = call.in(0);
    const at::Tensor added = tail == NormTail::add_relu ? call.in(1).to(x.scalar_type()) : at::Tensor();
    const BatchNormState state{call.weight(0), call.weight(1), call.weight(2), call.weight(3), momentum, epsilon};
    const bool fits = is_channels_last_image(x) && (!added.defined() || (added.sizes() == x.sizes() && is_channels_last_image(added)));
    if (call.pass.path == Path::fast && fits) {
      const Rectifier rectifier = tail == NormTail::none ? Rectifier::none : Rectifier::relu;
      return call.out(fused_batch_norm(x, state, added, rectifier, call.training(), call.pass.team));
    }
    at::Tensor y = call.training() && call.pass.team != nullptr
                       ? shared_batch_norm(x, state, *call.pass.team)
                       : at::batch_norm(x, state.weight, state.bias, state.running_mean, state.running_var, call.training(), momentum, epsilon, false);
    if (added.defined()) y = y + added;
    call.out(tail == NormTail::none ? y : at::relu(y));
  };
}

std::optional<Kernel> layer_kernel(const Lowering& node) {
  const std::string& op = node.node.op;
  if (op == "Conv") return convolution(node, false);
  if (op == "ConvTranspose") return convolution(node, true);
  if (op == "Gemm") return gemm(node);
  if (op == "MatMul") return Kernel([](const Call& call) { call.out(at::matmul(call.compute_in(0), call.compute_in(1))); });
  if (op == "BatchNormalization") return batch_norm_kernel(node, NormTail::none);
  if (op == "LayerNormalization") return layer_norm(node);
  if (op == "GroupNormalization") return group_norm(node, node.attributes.integer("num_groups"));
  if (op == "InstanceNormalization") return group_norm(node, node.inputs[0][0]);
  if (op == "Add" || op == "Sum") return fold(add);
  if (op == "Sub") return fold(subtract);
  if (op == "Mul") return fold(at::mul);
  if (op == "Identity") return Kernel([](const Call& call) { call.out(call.in(0)); });
  if (op == "Zero") return Kernel([](const Call& call) { call.out(at::zeros_like(call.in(0))); });
  if (op == "Dropout") return dropout(node);
  return activation(node);
}

}  // namespace nascent::libtorch
