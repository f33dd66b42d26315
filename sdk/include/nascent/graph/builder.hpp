// Graph: an architecture as operators in topological order, and the calls that build one.
#pragma once

#include <cctype>
#include <cmath>
#include <initializer_list>

#include "nascent/graph/evaluate.hpp"

NASCENT_SDK_BEGIN

enum class Bias { with, without };
enum class SequenceDirection { forward, reverse, bidirectional };
enum class Masking { none, causal };

inline constexpr std::int64_t kSamePadding = -1;  // output extent = ceil(input extent / stride)

struct ConvOptions {
  std::int64_t stride = 1, groups = 1, dilation = 1;
  std::int64_t padding = kSamePadding;
  Bias bias = Bias::with;
  std::string name{}, weight_group{};
};
struct PoolOptions {
  std::int64_t stride = 0;  // 0: the kernel's extent
  std::int64_t padding = 0;
  std::string name{};
};

// An architecture. Nodes only refer to earlier nodes, so the order of insertion is a topological order. A value: copy,
// compare, move. Building checks structure (names, indices); shapes are checked by shape() and infer(). Nested calls
// such as add(conv(x, ..), conv(y, ..)) are evaluated in an order the compiler chooses: name the parts where the order
// of nodes (and with it the seed of their weights) must not depend on it.
class Graph {
 public:
  NodeId input(std::string name, Shape shape, std::string dtype = "float32") {
    return add("Input", {}, {{"shape", std::move(shape)}, {"dtype", std::move(dtype)}}, std::move(name));
  }

  // Any operator. An empty name becomes the operator and a number: "conv3".
  NodeId add(std::string op, std::vector<Edge> inputs, Attributes attributes = {}, std::string name = "",
             std::string weight_group = "");

  void output(Edge edge) {
    check_edge(edge, "output " + std::to_string(outputs_.size()));
    outputs_.push_back(edge);
  }

  // Square (or cubic) kernels; the number of spatial axes is that of x. All conveniences throw where x does not fit.
  NodeId conv(Edge x, std::int64_t out_channels, std::int64_t kernel, ConvOptions options = {});
  NodeId conv_transpose(Edge x, std::int64_t out_channels, std::int64_t kernel, ConvOptions options = {});
  // One filter per channel.
  NodeId depthwise_conv(Edge x, std::int64_t kernel, ConvOptions options = {}) {
    options.groups = shape(x).empty() ? 1 : shape(x)[0];
    const std::int64_t channels = options.groups;
    return conv(x, channels, kernel, std::move(options));
  }
  NodeId max_pool(Edge x, std::int64_t kernel, PoolOptions options = {}) {
    return pool("MaxPool", x, kernel, std::move(options));
  }
  NodeId average_pool(Edge x, std::int64_t kernel, PoolOptions options = {}) {
    return pool("AveragePool", x, kernel, std::move(options));
  }
  NodeId global_average_pool(Edge x, std::string name = "") {
    return add("GlobalAveragePool", {x}, {}, std::move(name));
  }
  NodeId global_max_pool(Edge x, std::string name = "") { return add("GlobalMaxPool", {x}, {}, std::move(name)); }

  NodeId linear(Edge x, std::int64_t units, Bias bias = Bias::with, std::string name = "",
                std::string weight_group = "") {
    return add("Gemm", {x}, bias_attributes({{"units", units}}, bias), std::move(name), std::move(weight_group));
  }
  NodeId batch_norm(Edge x, std::string name = "") { return add("BatchNormalization", {x}, {}, std::move(name)); }
  NodeId layer_norm(Edge x, std::string name = "") { return add("LayerNormalization", {x}, {}, std::move(name)); }
  NodeId group_norm(Edge x, std::int64_t groups, std::string name = "") {
    return add("GroupNormalization", {x}, {{"num_groups", groups}}, std::move(name));
  }
  NodeId instance_norm(Edge x, std::string name = "") { return add("InstanceNormalization", {x}, {}, std::move(name)); }

  // kind: relu, leaky_relu, elu, selu, gelu, swish (or silu), hard_swish, sigmoid, hard_sigmoid, tanh, softplus, mish,
  // identity.
  NodeId activation(Edge x, std::string_view kind, std::string name = "");
  NodeId softmax(Edge x, std::string name = "") { return add("Softmax", {x}, {}, std::move(name)); }
  NodeId dropout(Edge x, double rate, std::string name = "") {
    return add("Dropout", {x}, {{"ratio", rate}}, std::move(name));
  }

  NodeId add(Edge a, Edge b, std::string name = "") { return add("Add", {a, b}, {}, std::move(name)); }
  NodeId multiply(Edge a, Edge b, std::string name = "") { return add("Mul", {a, b}, {}, std::move(name)); }
  NodeId sum(std::vector<Edge> inputs, std::string name = "") {
    return add("Sum", std::move(inputs), {}, std::move(name));
  }
  // axis 1 = channels or features: axis 0 is the batch.
  NodeId concat(std::vector<Edge> inputs, std::int64_t axis = 1, std::string name = "") {
    return add("Concat", std::move(inputs), {{"axis", axis}}, std::move(name));
  }
  // The parts are the node's outputs: Edge{node, 0}, Edge{node, 1}, ...
  NodeId split(Edge x, std::int64_t parts, std::int64_t axis = 1, std::string name = "") {
    return add("Split", {x}, {{"axis", axis}, {"num_outputs", parts}}, std::move(name));
  }
  NodeId flatten(Edge x, std::string name = "") { return add("Flatten", {x}, {}, std::move(name)); }
  NodeId reshape(Edge x, Shape to, std::string name = "") {
    return add("Reshape", {x}, {{"shape", std::move(to)}}, std::move(name));
  }
  NodeId transpose(Edge x, std::vector<std::int64_t> perm, std::string name = "") {
    return add("Transpose", {x}, {{"perm", std::move(perm)}}, std::move(name));
  }
  NodeId reduce_mean(Edge x, std::vector<std::int64_t> axes, std::string name = "") {
    return add("ReduceMean", {x}, {{"axes", std::move(axes)}, {"keepdims", std::int64_t{0}}}, std::move(name));
  }
  NodeId channel_shuffle(Edge x, std::int64_t groups, std::string name = "") {
    return add("ChannelShuffle", {x}, {{"groups", groups}}, std::move(name));
  }
  NodeId identity(Edge x, std::string name = "") { return add("Identity", {x}, {}, std::move(name)); }
  NodeId zero(Edge x, std::string name = "") { return add("Zero", {x}, {}, std::move(name)); }

  NodeId embedding(Edge x, std::int64_t vocabulary, std::int64_t width, std::string name = "") {
    return add("Embedding", {x}, {{"vocabulary", vocabulary}, {"width", width}}, std::move(name));
  }
  // Output 0: the sequence; output 1: the last hidden state; LSTM output 2: the last cell state.
  NodeId gru(Edge x, std::int64_t hidden_size, SequenceDirection direction = SequenceDirection::forward,
             std::string name = "") {
    return recurrent("GRU", x, hidden_size, direction, std::move(name));
  }
  NodeId lstm(Edge x, std::int64_t hidden_size, SequenceDirection direction = SequenceDirection::forward,
              std::string name = "") {
    return recurrent("LSTM", x, hidden_size, direction, std::move(name));
  }
  NodeId attention(Edge x, std::int64_t heads, Masking masking = Masking::none, std::string name = "") {
    const std::int64_t causal = masking == Masking::causal ? 1 : 0;
    return add("MultiHeadAttention", {x}, {{"num_heads", heads}, {"causal", causal}}, std::move(name));
  }

  // The shape of an edge, inferred up to its node: what a space reads while it builds. Throws as infer() does.
  const Shape& shape(Edge edge);

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node& node(NodeId id) const { return nodes_.at(id.value); }
  [[nodiscard]] const std::vector<Edge>& outputs() const { return outputs_; }

  // Same nodes in the same order under the same names; canonical_hash() compares architectures.
  bool operator==(const Graph& other) const { return nodes_ == other.nodes_ && outputs_ == other.outputs_; }

  // A copy of a graph from the other side of the ABI, whose content is not trusted: throws Error(NAS_E_INVALID) with
  // the reason. Does not release `graph`. Defined in abi_graph.hpp.
  static Graph from_abi(const nas_graph& graph);
  // Self-contained; whoever receives it calls release(owner) exactly once. Defined in abi_graph.hpp.
  [[nodiscard]] nas_graph* to_abi() const;

 private:
  struct Padding {
    std::int64_t begin = 0, end = 0, beyond = 0;  // beyond: output_padding of a transposed convolution
  };

  void check_edge(Edge edge, const std::string& who) const;
  std::string free_name(std::string_view op);
  NodeId pool(const char* op, Edge x, std::int64_t kernel, PoolOptions options);
  NodeId convolution(const char* op, Edge x, std::int64_t kernel, Attributes attributes, Padding padding,
                     ConvOptions options);
  NodeId recurrent(const char* op, Edge x, std::int64_t hidden_size, SequenceDirection direction, std::string name);
  std::size_t spatial_axes(Edge x, std::string_view op);
  static Attributes bias_attributes(Attributes attributes, Bias bias) {
    if (bias == Bias::without) attributes["bias"] = std::int64_t{0};
    return attributes;
  }

  std::vector<Node> nodes_;
  std::vector<Edge> outputs_;
  std::map<std::string, std::uint32_t> index_of_name_;
  std::map<std::string, std::uint32_t> named_so_far_;  // per operator: the last number given
  std::vector<std::vector<Shape>> shapes_;             // of the first nodes, as far as shape() was asked
};

namespace detail {

inline constexpr std::size_t kNameSizeMax = 200;
inline constexpr std::size_t kNodesMax = std::size_t{1} << 20;

// Names become file entries, dot identifiers and parts of weight names.
inline bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameSizeMax && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c < 128 && std::isalnum(c)) || c == '_' || c == '-' || c == '.' || c == '/' || c == ':';
  });
}

// Text of unknown origin for a message: short and printable.
inline std::string shown(std::string_view text) {
  std::string out;
  for (const unsigned char c : text.substr(0, 40)) out += c >= 32 && c < 127 ? static_cast<char>(c) : '?';
  return "'" + out + (text.size() > 40 ? "..." : "") + "'";
}

// "BatchNormalization" -> "batch_normalization", "GRU" -> "gru"
inline std::string snake_case(std::string_view op) {
  std::string out;
  for (std::size_t i = 0; i < op.size(); ++i) {
    const auto c = static_cast<unsigned char>(op[i]);
    if (std::isupper(c) && i > 0 && std::islower(static_cast<unsigned char>(op[i - 1]))) out += '_';
    out += static_cast<char>(std::tolower(c));
  }
  return out;
}

inline bool is_finite(const Attribute& value) {
  if (const auto* number = std::get_if<double>(&value)) return std::isfinite(*number);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value))
    return std::all_of(numbers->begin(), numbers->end(), [](double v) { return std::isfinite(v); });
  return true;
}

}  // namespace detail

inline NodeId Graph::add(std::string op, std::vector<Edge> inputs, Attributes attributes, std::string name,
                         std::string weight_group) {
  if (nodes_.size() >= detail::kNodesMax) detail::reject("a graph may have at most 2^20 nodes");
  constexpr const char* kRule = "; letters, digits and _ - . / : are allowed, at most 200";
  if (!detail::is_name(op)) detail::reject("operator " + detail::shown(op) + " is no name" + kRule);
  if (name.empty()) name = free_name(op);
  if (!detail::is_name(name)) detail::reject("node name " + detail::shown(name) + " is no name" + kRule);
  if (!weight_group.empty() && !detail::is_name(weight_group))
    detail::reject("weight group " + detail::shown(weight_group) + " is no name" + kRule);
  if (index_of_name_.contains(name)) detail::reject("two nodes are named '" + name + "'; names must be unique");
  Node node{std::move(op), std::move(name), std::move(weight_group), std::move(inputs), std::move(attributes)};
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    check_edge(node.inputs[i], place(node) + ": input " + std::to_string(i));
  for (const auto& [key, value] : node.attributes) {
    if (!detail::is_name(key))
      detail::reject(place(node) + ": attribute " + detail::shown(key) + " is no name" + kRule);
    if (!detail::is_finite(value)) detail::reject(place(node) + ": attribute '" + key + "' is not finite");
  }
  const NodeId id{static_cast<std::uint32_t>(nodes_.size())};
  index_of_name_.emplace(node.name, id.value);
  nodes_.push_back(std::move(node));
  return id;
}

inline void Graph::check_edge(Edge edge, const std::string& who) const {
  if (edge.node.value < nodes_.size()) return;
  detail::reject(who + " refers to node " + std::to_string(edge.node.value) + ", but only " +
                 std::to_string(nodes_.size()) + " nodes come before it; nodes must be in topological order");
}

inline std::string Graph::free_name(std::string_view op) {
  const std::string stem = detail::snake_case(op);
  std::uint32_t& number = named_so_far_[stem];
  std::string name;
  do name = stem + std::to_string(++number);
  while (index_of_name_.contains(name));
  return name;
}

inline const Shape& Graph::shape(Edge edge) {
  check_edge(edge, "shape()");
  while (shapes_.size() <= edge.node.value) {
    const Node& node = nodes_[shapes_.size()];
    std::vector<Shape> inputs;
    for (const Edge& in : node.inputs) inputs.push_back(shape(in));
    shapes_.push_back(evaluate(node, inputs).outputs);
  }
  const auto& outputs = shapes_[edge.node.value];
  if (edge.output >= outputs.size())
    detail::reject(place(nodes_[edge.node.value]) + " has " + std::to_string(outputs.size()) + " outputs; output " +
                   std::to_string(edge.output) + " was asked for");
  return outputs[edge.output];
}

inline std::size_t Graph::spatial_axes(Edge x, std::string_view op) {
  const Shape& in = shape(x);
  if (in.size() >= 2 && in.size() <= 4) return in.size() - 1;
  detail::reject(std::string(op) + " on '" + nodes_[x.node.value].name + "': the shape is " + to_text(in) +
                 "; it needs channels and 1 to 3 spatial axes");
}

inline NodeId Graph::convolution(const char* op, Edge x, std::int64_t kernel, Attributes attributes, Padding padding,
                                 ConvOptions options) {
  const std::size_t axes = spatial_axes(x, op);
  const auto put = [&](const char* name, std::int64_t value, std::int64_t fallback) {
    if (value != fallback) attributes[name] = std::vector<std::int64_t>(axes, value);
  };
  attributes["kernel_shape"] = std::vector<std::int64_t>(axes, kernel);
  put("strides", options.stride, 1);
  put("dilations", options.dilation, 1);
  put("output_padding", padding.beyond, 0);
  if (padding.begin != 0 || padding.end != 0) {
    std::vector<std::int64_t> pads(axes, padding.begin);
    pads.resize(2 * axes, padding.end);
    attributes["pads"] = std::move(pads);
  }
  if (options.groups != 1) attributes["group"] = options.groups;
  return add(op, {x}, bias_attributes(std::move(attributes), options.bias), std::move(options.name),
             std::move(options.weight_group));
}

inline NodeId Graph::conv(Edge x, std::int64_t out_channels, std::int64_t kernel, ConvOptions options) {
  Padding padding{options.padding, options.padding};
  if (options.padding == kSamePadding) {
    // Equal on both sides for odd kernels; an even kernel gets the extra row at the end.
    const std::int64_t total = detail::multiply(options.dilation, kernel - 1);
    padding = {total / 2, total - total / 2};
  }
  return convolution("Conv", x, kernel, {{"out_channels", out_channels}}, padding, std::move(options));
}

inline NodeId Graph::conv_transpose(Edge x, std::int64_t out_channels, std::int64_t kernel, ConvOptions options) {
  Padding padding{options.padding, options.padding};
  if (options.padding == kSamePadding) {
    // Output extent = input extent * stride: remove what the kernel adds beyond the stride, equally where possible.
    const std::int64_t surplus = detail::multiply(options.dilation, kernel - 1) + 1 - options.stride;
    const std::int64_t half = std::max<std::int64_t>(surplus + 1, 0) / 2;
    const std::int64_t beyond = 2 * half - surplus;
    const bool equally = beyond == 0 || beyond < std::max(options.stride, options.dilation);
    padding = equally ? Padding{half, half, beyond} : Padding{surplus / 2, surplus - surplus / 2};
  }
  return convolution("ConvTranspose", x, kernel, {{"out_channels", out_channels}}, padding, std::move(options));
}

inline NodeId Graph::pool(const char* op, Edge x, std::int64_t kernel, PoolOptions options) {
  const std::size_t axes = spatial_axes(x, op);
  Attributes attributes{{"kernel_shape", std::vector<std::int64_t>(axes, kernel)}};
  attributes["strides"] = std::vector<std::int64_t>(axes, options.stride == 0 ? kernel : options.stride);
  if (options.padding != 0) attributes["pads"] = std::vector<std::int64_t>(2 * axes, options.padding);
  return add(op, {x}, std::move(attributes), std::move(options.name));
}

inline NodeId Graph::recurrent(const char* op, Edge x, std::int64_t hidden_size, SequenceDirection direction,
                               std::string name) {
  Attributes attributes{{"hidden_size", hidden_size}};
  if (direction == SequenceDirection::reverse) attributes["direction"] = std::string("reverse");
  if (direction == SequenceDirection::bidirectional) attributes["direction"] = std::string("bidirectional");
  return add(op, {x}, std::move(attributes), std::move(name));
}

inline NodeId Graph::activation(Edge x, std::string_view kind, std::string name) {
  static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {{"relu", "Relu"},
                                                                             {"leaky_relu", "LeakyRelu"},
                                                                             {"elu", "Elu"},
                                                                             {"selu", "Selu"},
                                                                             {"gelu", "Gelu"},
                                                                             {"swish", "Swish"},
                                                                             {"silu", "Swish"},
                                                                             {"tanh", "Tanh"},
                                                                             {"hard_swish", "HardSwish"},
                                                                             {"mish", "Mish"},
                                                                             {"sigmoid", "Sigmoid"},
                                                                             {"hard_sigmoid", "HardSigmoid"},
                                                                             {"softplus", "Softplus"},
                                                                             {"identity", "Identity"}};
  std::string known;
  for (const auto& [word, op] : kKinds) {
    if (word == kind) return add(std::string(op), {x}, {}, std::move(name));
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  detail::reject("unknown activation " + detail::shown(kind) + "; known are " + known);
}

NASCENT_SDK_END
