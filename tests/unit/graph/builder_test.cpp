// Building: names, structure, what a space reads while it builds.
#include <gtest/gtest.h>

#include <functional>

#include "models.hpp"

namespace nascent {
namespace {

std::string complaint(const std::function<void(Graph&)>& build) {
  Graph g;
  try {
    build(g);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_INVALID);
    return error.what();
  }
  return "accepted";
}

TEST(Graph, an_unnamed_node_is_called_by_its_operator_and_a_number) {
  Graph g;
  const NodeId x = g.input("image", {3, 8, 8});
  EXPECT_EQ(g.node(g.conv(x, 4, 3)).name, "conv1");
  EXPECT_EQ(g.node(g.conv(x, 4, 3, {.name = "conv2"})).name, "conv2");
  EXPECT_EQ(g.node(g.conv(x, 4, 3)).name, "conv3");
  EXPECT_EQ(g.node(g.batch_norm(x)).name, "batch_normalization1");
  EXPECT_EQ(g.node(g.gru(g.reshape(x, {3, 64}), 4)).name, "gru1");
}

TEST(Graph, structure_is_checked_while_building) {
  EXPECT_EQ(
      complaint([](Graph& g) { g.add("Relu", {NodeId{0}}, {}, "r"); }),
      "node 'r' (Relu): input 0 refers to node 0, but only 0 nodes come before it; nodes must be in topological order");
  EXPECT_EQ(complaint([](Graph& g) { g.output(NodeId{3}); }),
            "output 0 refers to node 3, but only 0 nodes come before it; nodes must be in topological order");
  EXPECT_EQ(complaint([](Graph& g) {
              g.input("x", {1});
              g.input("x", {1});
            }),
            "two nodes are named 'x'; names must be unique");
  EXPECT_EQ(complaint([](Graph& g) { g.input("a b", {1}); }),
            "node name 'a b' is no name; letters, digits and _ - . / : are allowed, at most 200");
  EXPECT_EQ(complaint([](Graph& g) { g.dropout(g.input("x", {1}), std::nan(""), "d"); }),
            "node 'd' (Dropout): attribute 'ratio' is not finite");
  EXPECT_EQ(complaint([](Graph& g) { g.activation(g.input("x", {1}), "relu6"); }),
            "unknown activation 'relu6'; known are relu, leaky_relu, elu, selu, gelu, swish, silu, tanh, hard_swish, "
            "mish, sigmoid, hard_sigmoid, softplus, identity");
}

TEST(Graph, every_activation_word_is_a_known_operator) {
  for (const char* word : {"relu", "leaky_relu", "elu", "selu", "gelu", "swish", "silu", "tanh", "hard_swish", "mish",
                           "sigmoid", "hard_sigmoid", "softplus", "identity"}) {
    Graph g;
    g.output(g.activation(g.input("x", {3}), word));
    EXPECT_EQ(infer(g).shapes.at(1).at(0), (Shape{3})) << word;
  }
}

TEST(Graph, the_shape_of_every_edge_can_be_read_while_building) {
  Graph g;
  const NodeId x = g.input("x", {8, 6, 6});
  EXPECT_EQ(g.shape(x), (Shape{8, 6, 6}));
  const NodeId parts = g.split(x, 2);
  EXPECT_EQ(g.shape({parts, 1}), (Shape{4, 6, 6}));
  EXPECT_EQ(g.shape(g.concat({Edge{parts, 1}, x})), (Shape{12, 6, 6}));
  EXPECT_EQ(g.shape(g.depthwise_conv(x, 5, {.stride = 2})), (Shape{8, 3, 3}));
  EXPECT_THROW(g.shape({parts, 2}), Error);
}

TEST(Graph, copies_are_equal_and_independent) {
  const Graph original = models::lenet5();
  Graph copy = original;
  EXPECT_EQ(copy, original);
  copy.output(copy.linear(copy.outputs()[0], 3));
  EXPECT_NE(copy, original);
  EXPECT_EQ(original.outputs().size(), 1U);
}

TEST(AttributeReader, gives_the_value_or_the_default_of_the_operator) {
  Graph g;
  const NodeId conv = g.conv(g.input("x", {3, 8, 8}), 4, 3, {.stride = 2});
  const AttributeReader attributes = attributes_of(g.node(conv));
  EXPECT_EQ(attributes.integers("strides", 2), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(attributes.integers("dilations", 2), (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(attributes.integer("group"), 1);
  EXPECT_TRUE(attributes.flag("bias"));
  const Node lstm{"LSTM", "l", "", {}, {}};
  EXPECT_EQ(attributes_of(lstm).text("direction"), "forward");
  const Node norm{"BatchNormalization", "b", "", {}, {{"epsilon", 0.001}}};
  EXPECT_EQ(attributes_of(norm).number("epsilon"), 0.001);
  EXPECT_EQ(attributes_of(norm).number("momentum"), 0.9);
}

}  // namespace
}  // namespace nascent
