// One function per family of operators; plan_layers.cpp, plan_shapes.cpp and plan_sequence.cpp run the same calls.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "filled.hpp"
#include "torchscript.hpp"
#include "windows.hpp"

namespace nascent::libtorch {
namespace {

using Lines = std::vector<std::string>;
using Ints = std::vector<std::int64_t>;

// Element types are numbers of c10::ScalarType: 4 int64, 6 float32, 11 bool. Sources compiled from C++ know no torch.float32.
const char* boolean(bool value) { return value ? "True" : "False"; }

// The call of at::constant_pad_nd that Window::padded() makes, around `x`.
std::string padded(const std::string& x, const Ints& reversed_pads, const char* value) {
  return filled("torch.constant_pad_nd({}, {}, {})", {x, script_list(reversed_pads), value});
}

Lines convolution(const ScriptNode& n, bool transposed) {
  const AttributeReader& read = n.lowering.attributes;
  const std::size_t axes = n.lowering.inputs[0].size() - 1;
  const Window w(n.lowering, axes);
  const Ints extra = transposed ? read.integers("output_padding", axes) : Ints(axes, 0);
  const bool thins = !transposed && w.thins_first(n.lowering.inputs[0][0]);
  std::string x = transposed || w.symmetric() ? n.inputs[0] : padded(n.inputs[0], w.reversed_pads(), "0");
  for (std::size_t i = 0; thins && i < axes; ++i) {
    if (w.strides[i] > 1) x = filled("torch.slice({}, {}, 0, None, {})", {x, i + 2, w.strides[i]});
  }
  Lines lines{filled("{} = torch.convolution({}, {}, {}, {}, {}, {}, {}, {}, {})", {n.outputs[0], x, n.weights[0],
                          read.flag("bias") ? n.weights[1] : "None", script_list(thins ? Ints(axes, 1) : w.strides), script_list(w.begin_pads()),
                          script_list(w.dilations), boolean(transposed), script_list(extra), read.integer("group")})};
  for (std::size_t i = 0; transposed && !w.symmetric() && i < axes; ++i) {
    lines.push_back(filled("{0} = torch.narrow({0}, {1}, {2}, {0}.size({1}) - {3})", {n.outputs[0], i + 2, w.pads[i], w.pads[i] + w.pads[axes + i]}));
  }
  return lines;
}

Lines pool(const ScriptNode& n, bool maximum) {
  const std::size_t axes = n.lowering.inputs[0].size() - 1;
  const Window w(n.lowering, axes);
  const bool plain = w.pool_pads_itself();
  const std::string kernel = script_list(w.kernel), strides = script_list(w.strides), no_pads = script_list(Ints(axes, 0));
  const std::string x = n.inputs[0], y = n.outputs[0];
  if (maximum) {
    return {filled("{} = torch.max_pool{}d({}, {}, {}, {}, {}, False)", {y, axes, plain ? x : padded(x, w.reversed_pads(), "float('-inf')"),
                        kernel, strides, plain ? script_list(w.begin_pads()) : no_pads, script_list(w.dilations)})};
  }
  const bool count_pads = n.lowering.attributes.flag("count_include_pad");
  const std::string call = filled("torch.avg_pool{}d", {axes});
  if (plain) {
    return {filled("{} = {}({}, {}, {}, {}, False, {})", {y, call, x, kernel, strides, script_list(w.begin_pads()), boolean(count_pads)})};
  }
  const auto average = [&](const std::string& of) {
    return filled("{}({}, {}, {}, {}, False, True)", {call, padded(of, w.reversed_pads(), "0"), kernel, strides, no_pads});
  };
  if (count_pads) return {filled("{} = {}", {y, average(x)})};
  return {filled("{} = {} / {}", {y, average(x), average(filled("torch.ones_like(torch.slice(torch.slice({}, 0, 0, 1), 1, 0, 1))", {x}))})};
}

Lines norm(const ScriptNode& n) {
  const std::string& op = n.lowering.node.op;
  const AttributeReader& read = n.lowering.attributes;
  const std::string epsilon = script_number(read.number("epsilon")), x = n.inputs[0];
  const auto& w = n.weights;
  if (op == "BatchNormalization") {
    return {filled("{} = torch.batch_norm({}, {}, {}, {}, {}, self.training, {}, {}, False)", {n.outputs[0], x, w[0], w[1], w[2], w[3],
                        script_number(1 - read.number("momentum")), epsilon})};
  }
  if (op == "LayerNormalization") {
    return {filled("{} = torch.layer_norm({}, {}, {}, {}, {})", {n.outputs[0], x, script_list(n.lowering.weights[0].shape), w[0], w[1], epsilon})};
  }
  const std::int64_t groups = op == "GroupNormalization" ? read.integer("num_groups") : n.lowering.inputs[0][0];
  return {filled("{} = torch.group_norm({}.contiguous(), {}, {}, {}, {})", {n.outputs[0], x, groups, w[0], w[1], epsilon})};
}

// The right-hand side for an activation, or nothing.
std::string activation(const ScriptNode& n) {
  static constexpr std::pair<std::string_view, std::string_view> plain[] = {
      {"Relu", "relu"}, {"Tanh", "tanh"}, {"Sigmoid", "sigmoid"}, {"Swish", "silu"}, {"Selu", "selu"},
      {"HardSwish", "hardswish"}, {"Mish", "mish"}, {"Softplus", "softplus"}};
  const std::string &op = n.lowering.node.op, &x = n.inputs[0];
  const AttributeReader& read = n.lowering.attributes;
  for (const auto& [name, function] : plain) {
    if (op == name) return filled("torch.{}({})", {function, x});
  }
  if (op == "LeakyRelu") return filled("torch.leaky_relu({}, {})", {x, script_number(read.number("alpha"))});
  if (op == "Elu") return filled("torch.elu({}, {})", {x, script_number(read.number("alpha"))});
  if (op == "Gelu") return filled("torch.gelu({}, approximate=\"{}\")", {x, read.text("approximate")});
  if (op == "Softmax") return filled("torch.softmax({}, {}, None)", {x, read.integer("axis")});
  if (op == "HardSigmoid") {
    return filled("torch.clamp({} * {} + {}, 0, 1)", {x, script_number(read.number("alpha")), script_number(read.number("beta"))});
  }
  return {};
}

std::string joined(const Lines& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

Lines pad(const ScriptNode& n) {
  const std::size_t rank = n.lowering.inputs[0].size() + 1;
  const Ints pads = n.lowering.attributes.integers("pads", 2 * rank);
  const std::string mode = n.lowering.attributes.text("mode"), y = n.outputs[0];
  if (mode == "constant") {
    Ints reversed;
    for (std::size_t i = rank; i-- > 1;) reversed.insert(reversed.end(), {pads[i], pads[rank + i]});
    return {filled("{} = {}", {y, padded(n.inputs[0], reversed, script_number(n.lowering.attributes.number("value")).c_str())})};
  }
  Lines lines{filled("{} = {}", {y, n.inputs[0]})};
  for (std::size_t i = 1; i < rank; ++i) {
    if (pads[i] == 0 && pads[rank + i] == 0) continue;
    const Ints positions = pad_positions(n.lowering.inputs[0][i - 1], pads[i], pads[rank + i], mode == "reflect");
    lines.push_back(filled("{0} = torch.index_select({0}, {1}, torch.tensor({2}, device={0}.device))", {y, i, script_list(positions)}));
  }
  return lines;
}

Lines slice(const ScriptNode& n) {
  const AttributeReader& read = n.lowering.attributes;
  const Ints axes = read.integers("axes"), starts = read.integers("starts", axes.size()), ends = read.integers("ends", axes.size()),
             steps = read.integers("steps", axes.size());
  Lines lines{filled("{} = {}", {n.outputs[0], n.inputs[0]})};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    lines.push_back(filled("{0} = torch.slice({0}, {1}, {2}, {3}, {4})", {n.outputs[0], axes[i], starts[i], ends[i], steps[i]}));
  }
  return lines;
}

Lines split(const ScriptNode& n) {
  const std::int64_t axis = n.lowering.attributes.integer("axis");
  const auto row_axis = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(n.lowering.inputs[0].size()) : axis - 1);
  Ints extents;
  for (const Shape& part : n.lowering.outputs) extents.push_back(part[row_axis]);
  Lines lines{filled("{}_parts = torch.split_with_sizes({}, {}, {})", {n.outputs[0], n.inputs[0], script_list(extents), axis})};
  for (std::size_t i = 0; i < n.outputs.size(); ++i) lines.push_back(filled("{} = {}_parts[{}]", {n.outputs[i], n.outputs[0], i}));
  return lines;
}

Lines resize(const ScriptNode& n) {
  const Ints scales = n.lowering.attributes.integers("scales");
  Lines lines{filled("{} = {}", {n.outputs[0], n.inputs[0]})};
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (scales[i] > 1) lines.push_back(filled("{0} = torch.repeat_interleave({0}, {1}, {2})", {n.outputs[0], scales[i], i + 2}));
  }
  return lines;
}

Lines shape_lines(const ScriptNode& n) {
  const std::string &op = n.lowering.node.op, &x = n.inputs[0], &y = n.outputs[0];
  const AttributeReader& read = n.lowering.attributes;
  const auto spatial_axes = [&] {
    Ints axes;
    for (std::size_t i = 2; i <= n.lowering.inputs[0].size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
    return script_list(axes);
  };
  if (op == "GlobalAveragePool") return {filled("{} = torch.mean({}, {}, True)", {y, x, spatial_axes()})};
  if (op == "GlobalMaxPool") return {filled("{} = torch.amax({}, {}, True)", {y, x, spatial_axes()})};
  if (op == "ReduceMean") return {filled("{} = torch.mean({}, {}, {})", {y, x, script_list(read.integers("axes")), boolean(read.flag("keepdims"))})};
  if (op == "Concat") return {filled("{} = torch.cat([{}], {})", {y, joined(n.inputs, ", "), read.integer("axis")})};
  if (op == "Transpose") return {filled("{} = torch.permute({}, {})", {y, x, script_list(read.integers("perm"))})};
  if (op == "Flatten" || op == "Reshape") {
    std::string extents = filled("{}.size(0)", {x});
    for (const std::int64_t extent : n.lowering.outputs[0]) extents += filled(", {}", {extent});
    return {filled("{} = torch.reshape({}, [{}])", {y, x, extents})};
  }
  if (op == "ChannelShuffle") {
    const std::int64_t groups = read.integer("groups"), channels = n.lowering.inputs[0][0];
    return {filled("{0} = torch.reshape(torch.transpose(torch.reshape({1}, [{1}.size(0), {2}, {3}, -1]), 1, 2), {1}.size())", {y, x, groups, channels / groups})};
  }
  return {};
}

Lines recurrent(const ScriptNode& n) {
  const AttributeReader& read = n.lowering.attributes;
  const bool lstm = n.lowering.node.op == "LSTM";
  const std::string direction = read.text("direction"), y = n.outputs[0];
  const bool both = direction == "bidirectional", reverse = direction == "reverse";
  const std::int64_t hidden = read.integer("hidden_size"), directions = both ? 2 : 1;
  Lines lines{filled("{}_x = {}", {y, reverse ? filled("torch.flip({}, [1])", {n.inputs[0]}) : n.inputs[0]}),
              filled("{0}_0 = torch.zeros([{1}, {0}_x.size(0), {2}], dtype={0}_x.dtype, device={0}_x.device)", {y, directions, hidden})};
  const std::string arguments = filled("[{}], {}, 1, 0.0, False, {}, True", {joined(n.weights, ", "), boolean(read.flag("bias")), boolean(both)});
  if (lstm) {
    lines.push_back(filled("{0}, {0}_h, {0}_c = torch.lstm({0}_x, [{0}_0, {0}_0], {1})", {y, arguments}));
  } else {
    lines.push_back(filled("{0}, {0}_h = torch.gru({0}_x, {0}_0, {1})", {y, arguments}));
  }
  const auto state = [&](const char* which, const std::string& to) {
    lines.push_back(filled("{} = torch.reshape(torch.transpose({}{}, 0, 1), [{}_x.size(0), {}])", {to, y, which, y, directions * hidden}));
  };
  state("_h", n.outputs[1]);
  if (lstm) state("_c", n.outputs[2]);
  if (reverse) lines.push_back(filled("{0} = torch.flip({0}, [1])", {y}));
  return lines;
}

Lines attention(const ScriptNode& n) {
  const AttributeReader& read = n.lowering.attributes;
  const std::int64_t heads = read.integer("num_heads"), width = n.lowering.inputs[0][1], head = width / heads;
  const bool bias = read.flag("bias"), self = n.inputs.size() == 1;
  const std::string y = n.outputs[0];
  const auto project = [&](const std::string& x, std::size_t which) {
    return filled("torch.linear({}, {}, {})", {x, n.weights[which], bias ? n.weights[4 + which] : "None"});
  };
  const auto split_heads = [&](const std::string& to, const std::string& x) {
    return filled("{0} = torch.transpose(torch.reshape({1}, [{1}.size(0), {1}.size(1), {2}, {3}]), 1, 2)", {to, x, heads, head});
  };
  Lines lines;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string part = y + std::string("_") + "qkv"[i];
    lines.push_back(part + " = " + project(n.inputs[self ? 0 : i], i));
    lines.push_back(split_heads(part, part));
  }
  lines.push_back(filled("{0}_q = {0}_q * {1}", {y, script_number(1 / std::sqrt(static_cast<double>(head)))}));
  lines.push_back(filled("{0}_s = torch.matmul({0}_q, torch.transpose({0}_k, -2, -1))", {y}));
  if (read.flag("causal")) {
    lines.push_back(filled("{0}_f = torch.triu(torch.ones([{0}_s.size(-2), {0}_s.size(-1)], dtype=11, device={0}_s.device), 1)", {y}));
    lines.push_back(filled("{0}_s = torch.masked_fill({0}_s, {0}_f, float('-inf'))", {y}));
  }
  lines.push_back(filled("{0}_m = torch.transpose(torch.matmul(torch.softmax({0}_s, -1, None), {0}_v), 1, 2)", {y}));
  lines.push_back(filled("{0}_m = torch.reshape({0}_m, [{0}_m.size(0), {0}_m.size(1), {1}])", {y, width}));
  lines.push_back(y + " = " + project(y + "_m", 3));
  return lines;
}

}  // namespace

std::string script_number(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;  // as few as read back to the same number
  std::string text(digits.begin(), end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string script_list(const std::vector<std::int64_t>& values) {
  std::string text;
  for (const std::int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

std::vector<std::string> script_lines(const ScriptNode& n) {
  const std::string &op = n.lowering.node.op, &y = n.outputs[0];
  const AttributeReader& read = n.lowering.attributes;
  if (op == "Conv") return convolution(n, false);
  if (op == "ConvTranspose") return convolution(n, true);
  if (op == "MaxPool") return pool(n, true);
  if (op == "AveragePool") return pool(n, false);
  if (op.ends_with("Normalization")) return norm(n);
  if (op == "Gemm") return {filled("{} = torch.linear({}, {}, {})", {y, n.inputs[0], n.weights[0], read.flag("bias") ? n.weights[1] : "None"})};
  if (op == "MatMul") return {filled("{} = torch.matmul({}, {})", {y, n.inputs[0], n.inputs[1]})};
  if (op == "Add" || op == "Sum") return {filled("{} = {}", {y, joined(n.inputs, " + ")})};
  if (op == "Sub") return {filled("{} = {}", {y, joined(n.inputs, " - ")})};
  if (op == "Mul") return {filled("{} = {}", {y, joined(n.inputs, " * ")})};
  if (op == "Identity") return {filled("{} = {}", {y, n.inputs[0]})};
  if (op == "Zero") return {filled("{} = torch.zeros_like({})", {y, n.inputs[0]})};
  if (op == "Dropout") return {filled("{} = torch.dropout({}, {}, self.training)", {y, n.inputs[0], script_number(read.number("ratio"))})};
  if (op == "Pad") return pad(n);
  if (op == "Slice") return slice(n);
  if (op == "Split") return split(n);
  if (op == "Resize") return resize(n);
  if (op == "Embedding") return {filled("{} = torch.embedding({}, {}.to(4))", {y, n.weights[0], n.inputs[0]})};
  if (op == "GRU" || op == "LSTM") return recurrent(n);
  if (op == "MultiHeadAttention") return attention(n);
  if (const std::string value = activation(n); !value.empty()) return {y + " = " + value};
  if (Lines lines = shape_lines(n); !lines.empty()) return lines;
  throw Error(NAS_E_UNSUPPORTED, place(n.lowering.node) + ": it has no TorchScript form");
}

}  // namespace nascent::libtorch
