// Small architectures that between them hold every operator the torch plugins run.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "nascent/graph.hpp"

namespace networks {

struct Network {
  std::string name;
  nascent::Graph graph;
};
inline void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

// Appends what makes 3 outputs of x, whatever its shape.
inline nascent::Graph& headed(nascent::Graph& graph, nascent::Edge x) {
  graph.output(graph.linear(graph.flatten(x), 3, nascent::Bias::with, "head"));
  return graph;
}

inline std::vector<Network> all() {
  using nascent::Attributes;
  using nascent::Edge;
  using nascent::Graph;
  using Ints = std::vector<std::int64_t>;
  std::vector<Network> out;
  const auto image = [&](const std::string& name, const auto& build) {
    Graph graph;
    const Edge x = graph.input("x", {4, 8, 8});
    headed(graph, build(graph, x));
    out.push_back({name, std::move(graph)});
  };
  const auto sequence = [&](const std::string& name, const auto& build) {
    Graph graph;
    const Edge x = graph.input("x", {6, 4});
    headed(graph, build(graph, x));
    out.push_back({name, std::move(graph)});
  };
  const auto node = [](std::string op, Attributes attributes = {}) {
    return [=](Graph& g, Edge x) { return Edge(g.add(op, {x}, attributes)); };
  };

  image("conv", [](Graph& g, Edge x) { return g.conv(x, 6, 3); });
  image("conv_even_kernel", [](Graph& g, Edge x) { return g.conv(x, 6, 4, {.stride = 2}); });
  image("conv_groups_dilated", [](Graph& g, Edge x) { return g.conv(x, 6, 3, {.groups = 2, .dilation = 2, .bias = nascent::Bias::without}); });
  image("conv_strided_point", [](Graph& g, Edge x) { return g.conv(x, 6, 1, {.stride = 2}); });
  image("conv_strided_point_uneven", node("Conv", {{"out_channels", std::int64_t{6}}, {"kernel_shape", Ints{1, 1}}, {"strides", Ints{3, 1}}, {"pads", Ints{1, 0, 0, 2}}}));
  image("depthwise", [](Graph& g, Edge x) { return g.depthwise_conv(x, 5); });
  image("conv_transpose", [](Graph& g, Edge x) { return g.conv_transpose(x, 3, 3, {.stride = 2}); });
  image("conv_transpose_uneven", node("ConvTranspose", {{"out_channels", std::int64_t{3}}, {"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 0, 0, 2}}}));
  image("batch_norm", [](Graph& g, Edge x) { return g.batch_norm(x); });
  image("batch_norm_relu", [](Graph& g, Edge x) { return g.activation(g.batch_norm(g.conv(x, 8, 3)), "relu"); });
  image("residual", [](Graph& g, Edge x) {
    const Edge y = g.batch_norm(g.conv(g.activation(g.batch_norm(g.conv(x, 4, 3)), "relu"), 4, 3));
    return g.activation(g.add(y, x), "relu");
  });
  image("residual_with_two_norms", [](Graph& g, Edge x) {
    return g.activation(g.add(g.batch_norm(g.conv(x, 4, 1)), g.batch_norm(g.conv(x, 4, 3))), "relu");
  });
  image("residual_strided", [](Graph& g, Edge x) {
    const Edge y = g.activation(g.batch_norm(g.conv(x, 4, 3)), "relu");
    const Edge shortcut = g.batch_norm(g.conv(y, 8, 1, {.stride = 2}));
    return g.activation(g.add(g.batch_norm(g.conv(y, 8, 3, {.stride = 2})), shortcut), "relu");
  });
  image("norm_read_twice", [](Graph& g, Edge x) {
    const Edge y = g.batch_norm(x);
    return g.add(g.activation(y, "relu"), y);
  });
  image("squeeze_excite", [](Graph& g, Edge x) {
    const Edge gate = g.activation(g.conv(g.global_average_pool(x), 4, 1), "sigmoid");
    return g.multiply(x, gate);
  });
  image("layer_norm", [](Graph& g, Edge x) { return g.layer_norm(x); });
  image("group_norm", [](Graph& g, Edge x) { return g.group_norm(x, 2); });
  image("instance_norm", [](Graph& g, Edge x) { return g.instance_norm(x); });
  image("max_pool", [](Graph& g, Edge x) { return g.max_pool(x, 2); });
  image("max_pool_padded", [](Graph& g, Edge x) { return g.max_pool(x, 3, {.stride = 2, .padding = 1}); });
  image("max_pool_uneven", node("MaxPool", {{"kernel_shape", Ints{3, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{2, 0, 0, 1}}}));
  image("average_pool", [](Graph& g, Edge x) { return g.average_pool(x, 3, {.stride = 2, .padding = 1}); });
  image("average_pool_uneven", node("AveragePool", {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{2, 0, 0, 1}}}));
  image("average_pool_counting_pads", node("AveragePool", {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{2, 0, 0, 1}}, {"count_include_pad", std::int64_t{1}}}));
  image("global_pools", [](Graph& g, Edge x) { return g.concat({g.global_average_pool(x), g.global_max_pool(x)}); });
  for (const char* kind : {"relu", "leaky_relu", "elu", "selu", "gelu", "swish", "hard_swish", "sigmoid", "hard_sigmoid", "tanh", "softplus", "mish", "identity"}) {
    image(kind, [kind](Graph& g, Edge x) { return g.activation(g.conv(x, 4, 1), kind); });
  }
  image("gelu_by_tanh", node("Gelu", {{"approximate", std::string("tanh")}}));
  image("softmax", node("Softmax", {{"axis", std::int64_t{1}}}));
  image("zero_branch", [](Graph& g, Edge x) { return g.add(x, g.zero(x)); });
  image("dropout", [](Graph& g, Edge x) { return g.dropout(x, 0.5); });
  image("sum", [](Graph& g, Edge x) { return g.sum({x, g.activation(x, "tanh"), x}); });
  image("sub", [](Graph& g, Edge x) { return g.add("Sub", {x, Edge(g.activation(x, "tanh"))}); });
  image("split_concat", [](Graph& g, Edge x) {
    const auto parts = g.split(x, 2);
    return g.concat({Edge(parts, 1), Edge(parts, 0)});
  });
  image("slice", node("Slice", {{"axes", Ints{1, -1}}, {"starts", Ints{1, -7}}, {"ends", Ints{4, 100}}, {"steps", Ints{1, 3}}}));
  image("reshape_transpose", [](Graph& g, Edge x) { return g.transpose(g.reshape(x, {8, -1, 4}), {0, 3, 1, 2}); });
  image("reduce_mean", [](Graph& g, Edge x) { return g.reduce_mean(x, {2, 3}); });
  image("pad_constant", node("Pad", {{"pads", Ints{0, 1, 0, 2, 0, 0, 3, 1}}, {"value", 0.5}}));
  image("pad_reflect", node("Pad", {{"pads", Ints{0, 0, 1, 2, 0, 0, 3, 1}}, {"mode", std::string("reflect")}}));
  image("pad_edge", node("Pad", {{"pads", Ints{0, 2, 1, 2, 0, 0, 3, 1}}, {"mode", std::string("edge")}}));
  image("resize", node("Resize", {{"scales", Ints{2, 3}}}));
  image("channel_shuffle", [](Graph& g, Edge x) { return g.channel_shuffle(x, 2); });
  image("shared_weights", [](Graph& g, Edge x) {
    const Edge y = g.conv(x, 4, 3, {.weight_group = "twice"});
    return g.conv(g.activation(y, "relu"), 4, 3, {.weight_group = "twice"});
  });
  sequence("mat_mul", [](Graph& g, Edge x) { return g.add("MatMul", {x, Edge(g.transpose(x, {0, 2, 1}))}); });
  sequence("gru", [](Graph& g, Edge x) { return g.gru(x, 5); });
  sequence("gru_state", [](Graph& g, Edge x) { return Edge(g.gru(x, 5, nascent::SequenceDirection::reverse), 1); });
  sequence("lstm_both_ways", [](Graph& g, Edge x) {
    const auto y = g.lstm(x, 5, nascent::SequenceDirection::bidirectional);
    return g.concat({Edge(g.flatten(y)), Edge(y, 1), Edge(y, 2)});
  });
  sequence("attention", [](Graph& g, Edge x) { return g.attention(g.layer_norm(x), 2); });
  sequence("causal_attention", [](Graph& g, Edge x) { return g.attention(x, 2, nascent::Masking::causal); });
  sequence("conv1d", [](Graph& g, Edge x) { return g.max_pool(g.activation(g.conv(x, 4, 3), "relu"), 2); });
  {
    Graph graph;
    const Edge x = graph.input("tokens", {5}, "int64");
    headed(graph, graph.gru(graph.embedding(x, 7, 4), 6));
    out.push_back({"embedding", std::move(graph)});
  }
  {
    Graph graph;
    const Edge a = graph.input("a", {4}), b = graph.input("b", {3});
    headed(graph, graph.concat({graph.linear(a, 4), graph.linear(b, 4)}));
    out.push_back({"two_inputs", std::move(graph)});
  }
  return out;
}

}  // namespace networks
