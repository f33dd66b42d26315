// Kernels that pool, move, cut, join or repeat elements.
#include <algorithm>
#include <limits>

#include "fused.hpp"
#include "plan.hpp"
#include "windows.hpp"

namespace nascent::libtorch {
namespace {

using Ints = std::vector<std::int64_t>;

at::Tensor max_pool_of_rank(const at::Tensor& x, const Window& w, const Ints& pads) {
  if (w.axes() == 1) return at::max_pool1d(x, w.kernel, w.strides, pads, w.dilations);
  if (w.axes() == 2) return at::max_pool2d(x, w.kernel, w.strides, pads, w.dilations);
  return at::max_pool3d(x, w.kernel, w.strides, pads, w.dilations);
}

at::Tensor average_pool_of_rank(const at::Tensor& x, const Window& w, const Ints& pads, bool count_pads) {
  if (w.axes() == 1) return at::avg_pool1d(x, w.kernel, w.strides, pads, false, count_pads);
  if (w.axes() == 2) return at::avg_pool2d(x, w.kernel, w.strides, pads, false, count_pads);
  return at::avg_pool3d(x, w.kernel, w.strides, pads, false, count_pads);
}

Kernel max_pool(const Lowering& node) {
  const Window window(node, node.inputs[0].size() - 1);
  const bool plain = window.pool_pads_itself();
  const Ints two{2, 2}, zero{0, 0, 0, 0}, one{1, 1};
  const bool halving = window.kernel == two && window.strides == two && window.pads == zero && window.dilations == one;
  return [=](const Call& call) {
    const at::Tensor& x = call.in(0);
    if (halving && call.pass.path == Path::fast && is_channels_last_image(x)) return call.out(fused_max_pool_2x2(x));
    constexpr double lowest = -std::numeric_limits<double>::infinity();
    if (plain) return call.out(max_pool_of_rank(x, window, window.begin_pads()));
    call.out(max_pool_of_rank(at::constant_pad_nd(x, window.reversed_pads(), lowest), window, Ints(window.axes(), 0)));
  };
}

Kernel average_pool(const Lowering& node) {
  const Window window(node, node.inputs[0].size() - 1);
  const bool plain = window.pool_pads_itself(), count_pads = node.attributes.flag("count_include_pad");
  return [=](const Call& call) {
    const at::Tensor& x = call.in(0);
    if (plain) return call.out(average_pool_of_rank(x, window, window.begin_pads(), count_pads));
    const auto pool = [&](const at::Tensor& t) {
      return average_pool_of_rank(at::constant_pad_nd(t, window.reversed_pads(), 0), window, Ints(window.axes(), 0), true);
    };
    const at::Tensor y = pool(x);
    call.out(count_pads ? y : y / pool(at::ones_like(x.slice(0, 0, 1).slice(1, 0, 1))));
  };
}

Kernel global_pool(const Lowering& node, bool maximum) {
  Ints axes;
  for (std::size_t i = 2; i <= node.inputs[0].size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  return [=](const Call& call) {
    call.out(maximum ? at::amax(call.in(0), axes, true) : at::mean(call.in(0), axes, true));
  };
}

std::vector<at::Tensor> all_inputs(const Call& call) {
  std::vector<at::Tensor> all;
  for (std::size_t i = 0; i < call.inputs(); ++i) all.push_back(call.in(i));
  return all;
}

Kernel concat(const Lowering& node) {
  const std::int64_t axis = node.attributes.integer("axis");
  return [axis](const Call& call) { call.out(at::cat(all_inputs(call), axis)); };
}

Kernel split(const Lowering& node) {
  const std::int64_t axis = node.attributes.integer("axis");
  const auto positive = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(node.inputs[0].size()) : axis - 1);
  Ints extents;
  for (const Shape& part : node.outputs) extents.push_back(part[positive]);
  return [=](const Call& call) {
    const std::vector<at::Tensor> parts = at::split_with_sizes(call.in(0), extents, axis);
    for (std::size_t i = 0; i < parts.size(); ++i) call.out(parts[i], i);
  };
}

Kernel slice(const Lowering& node) {
  const Ints axes = node.attributes.integers("axes"), starts = node.attributes.integers("starts", axes.size());
  const Ints ends = node.attributes.integers("ends", axes.size()), steps = node.attributes.integers("steps", axes.size());
  return [=](const Call& call) {
    at::Tensor x = call.in(0);
    for (std::size_t i = 0; i < axes.size(); ++i) x = at::slice(x, axes[i], starts[i], ends[i], steps[i]);
    call.out(std::move(x));
  };
}

// The batch and then the output's shape.
Kernel reshape(const Lowering& node) {
  const Shape shape = node.outputs[0];
  return [shape](const Call& call) {
    Ints with_batch{call.in(0).size(0)};
    with_batch.insert(with_batch.end(), shape.begin(), shape.end());
    call.out(call.in(0).reshape(with_batch));
  };
}

Kernel transpose(const Lowering& node) {
  const Ints perm = node.attributes.integers("perm");
  return [perm](const Call& call) { call.out(call.in(0).permute(perm)); };
}

Kernel reduce_mean(const Lowering& node) {
  const Ints axes = node.attributes.integers("axes");
  const bool keep = node.attributes.flag("keepdims");
  return [=](const Call& call) { call.out(at::mean(call.in(0), axes, keep)); };
}

Kernel pad(const Lowering& node) {
  const std::size_t rank = node.inputs[0].size() + 1;
  const Ints pads = node.attributes.integers("pads", 2 * rank);
  const std::string mode = node.attributes.text("mode");
  if (mode == "constant") {
    Ints reversed;
    for (std::size_t i = rank; i-- > 1;) reversed.insert(reversed.end(), {pads[i], pads[rank + i]});
    return [reversed, value = node.attributes.number("value")](const Call& call) {
      call.out(at::constant_pad_nd(call.in(0), reversed, value));
    };
  }
  std::vector<std::pair<std::int64_t, Ints>> moves;  // axis, positions
  for (std::size_t i = 1; i < rank; ++i) {
    if (pads[i] == 0 && pads[rank + i] == 0) continue;
    moves.emplace_back(static_cast<std::int64_t>(i), pad_positions(node.inputs[0][i - 1], pads[i], pads[rank + i], mode == "reflect"));
  }
  return [moves](const Call& call) {
    at::Tensor x = call.in(0);
    for (const auto& [axis, positions] : moves) x = x.index_select(axis, at::tensor(positions, at::kLong).to(x.device()));
    call.out(std::move(x));
  };
}

Kernel resize(const Lowering& node) {
  const Ints scales = node.attributes.integers("scales");
  return [scales](const Call& call) {
    at::Tensor x = call.in(0);
    for (std::size_t i = 0; i < scales.size(); ++i) {
      if (scales[i] > 1) x = x.repeat_interleave(scales[i], static_cast<std::int64_t>(i) + 2);
    }
    call.out(std::move(x));
  };
}

Kernel channel_shuffle(const Lowering& node) {
  const std::int64_t groups = node.attributes.integer("groups"), channels = node.inputs[0][0];
  return [=](const Call& call) {
    const at::Tensor& x = call.in(0);
    call.out(x.reshape({x.size(0), groups, channels / groups, -1}).transpose(1, 2).reshape(x.sizes()));
  };
}

}  // namespace

std::optional<Kernel> shape_kernel(const Lowering& node) {
  const std::string& op = node.node.op;
  if (op == "MaxPool") return max_pool(node);
  if (op == "AveragePool") return average_pool(node);
  if (op == "GlobalAveragePool") return global_pool(node, false);
  if (op == "GlobalMaxPool") return global_pool(node, true);
  if (op == "Concat") return concat(node);
  if (op == "Split") return split(node);
  if (op == "Slice") return slice(node);
  if (op == "Flatten" || op == "Reshape") return reshape(node);
  if (op == "Transpose") return transpose(node);
  if (op == "ReduceMean") return reduce_mean(node);
  if (op == "Pad") return pad(node);
  if (op == "Resize") return resize(node);
  if (op == "ChannelShuffle") return channel_shuffle(node);
  return std::nullopt;
}

}  // namespace nascent::libtorch
