// Shapes, parameters and cost against published and hand-counted numbers; exact messages for invalid graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "models.hpp"

namespace nascent {
namespace {

using ::testing::ElementsAre;

// Shape of the single output of `op` on inputs of these shapes.
OperatorResult apply(const std::string& op, const std::vector<Shape>& inputs, Attributes attributes = {}) {
  return evaluate(Node{op, "n", "", {}, std::move(attributes)}, inputs);
}
Shape shape_of(const std::string& op, const std::vector<Shape>& inputs, Attributes attributes = {}) {
  return apply(op, inputs, std::move(attributes)).outputs.at(0);
}
std::int64_t parameters_of(const OperatorResult& result) {
  std::int64_t n = 0;
  for (const WeightInfo& weight : result.weights)
    if (weight.role == WeightRole::learnable) n += elements(weight.shape);
  return n;
}
std::vector<std::int64_t> ints(std::initializer_list<std::int64_t> values) { return values; }

// He et al. 2015 / torchvision: 11,689,512 parameters, 1.814e9 multiply-adds (convolutions and the classifier).
TEST(Infer, resnet18_has_the_published_size) {
  const GraphSummary summary = infer(models::resnet18());
  EXPECT_EQ(summary.parameters, 11'689'512);
  EXPECT_EQ(summary.multiply_adds, 1'814'073'344);
  EXPECT_EQ(summary.statistics, 9'600);  // two per channel of its 20 normalisations
  EXPECT_EQ(summary.weight_bytes, 4 * (11'689'512 + 9'600));
  // 2 x 1.814e9, plus two steps per normalised, one per rectified and added element, and the pools: below 0.5 %.
  EXPECT_EQ(summary.flops - 2 * summary.multiply_adds,
            2 * 2'483'712 + 2'308'096 + 752'640 + 9 * 200'704 + 25'088 + 1'000);
}

// torchvision: 3,504,872 parameters, 0.301e9 multiply-adds.
TEST(Infer, mobilenet_v2_has_the_published_size) {
  const GraphSummary summary = infer(models::mobilenet_v2());
  EXPECT_EQ(summary.parameters, 3'504'872);
  EXPECT_EQ(summary.multiply_adds, 300'774'272);
}

TEST(Infer, lenet5_counted_by_hand) {
  const GraphSummary summary = infer(models::lenet5());
  EXPECT_EQ(summary.parameters, 156 + 2'416 + 48'120 + 10'164 + 850);
  EXPECT_EQ(summary.multiply_adds, 28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10);
}

TEST(Infer, recurrent_layers_have_the_parameters_of_pytorch) {
  EXPECT_EQ(parameters_of(apply("LSTM", {{7, 10}}, {{"hidden_size", std::int64_t{20}}})), 4 * 20 * (10 + 20 + 2));
  EXPECT_EQ(parameters_of(apply("GRU", {{7, 10}}, {{"hidden_size", std::int64_t{20}}})), 3 * 20 * (10 + 20 + 2));
  const OperatorResult both =
      apply("GRU", {{7, 10}}, {{"hidden_size", std::int64_t{20}}, {"direction", "bidirectional"}});
  EXPECT_EQ(parameters_of(both), 2 * 3 * 20 * (10 + 20 + 2));
  EXPECT_THAT(both.outputs, ElementsAre(Shape{7, 40}, Shape{40}));
  EXPECT_EQ(both.weights.at(4).name, "n.weight_ih_reverse");
  EXPECT_EQ(both.multiply_adds, 2 * 7 * 60 * 30);
  EXPECT_THAT(apply("LSTM", {{7, 10}}, {{"hidden_size", std::int64_t{20}}}).outputs,
              ElementsAre(Shape{7, 20}, Shape{20}, Shape{20}));
}

TEST(Infer, attention_has_four_projections) {
  const OperatorResult self = apply("MultiHeadAttention", {{5, 64}}, {{"num_heads", std::int64_t{8}}});
  EXPECT_EQ(parameters_of(self), 4 * (64 * 64 + 64));
  EXPECT_EQ(self.multiply_adds, 4 * 5 * 64 * 64 + 2 * 5 * 5 * 64);
  const OperatorResult cross =
      apply("MultiHeadAttention", {{5, 64}, {9, 32}, {9, 16}}, {{"num_heads", std::int64_t{4}}});
  EXPECT_EQ(cross.outputs.at(0), (Shape{5, 64}));
  EXPECT_EQ(parameters_of(cross), 64 * (64 + 32 + 16 + 64) + 4 * 64);
}

TEST(Infer, convolution_weights_are_named_by_group_and_shaped_as_in_pytorch) {
  Graph g;
  const NodeId conv =
      g.conv(g.input("x", {8, 9, 9}), 12, 3, {.stride = 2, .groups = 4, .name = "stem", .weight_group = "shared"});
  EXPECT_EQ(g.shape(conv), (Shape{12, 5, 5}));
  EXPECT_THAT(weights(g.node(conv), std::vector<Shape>{{8, 9, 9}}),
              ElementsAre(WeightInfo{"shared.weight", {12, 2, 3, 3}}, WeightInfo{"shared.bias", {12}}));
}

// Recorded from PyTorch 1.13 (Conv, ConvTranspose, pooling over one, two and three axes).
TEST(Infer, windows_agree_with_recorded_shapes_of_pytorch) {
  const auto windowed = [](std::vector<std::int64_t> kernel, std::vector<std::int64_t> strides,
                           std::vector<std::int64_t> pads, std::vector<std::int64_t> dilations) {
    return Attributes{{"kernel_shape", std::move(kernel)},
                      {"strides", std::move(strides)},
                      {"pads", std::move(pads)},
                      {"dilations", std::move(dilations)}};
  };
  const auto with = [](Attributes attributes, const std::string& name, Attribute value) {
    attributes[name] = std::move(value);
    return attributes;
  };
  const std::int64_t six = 6;
  EXPECT_EQ(shape_of("Conv", {{4, 33}}, with(windowed({5}, {3}, {2, 2}, {2}), "out_channels", six)), (Shape{6, 10}));
  EXPECT_EQ(shape_of("Conv", {{4, 17, 30}}, with(windowed({3, 4}, {2, 3}, {1, 0, 1, 0}, {2, 1}), "out_channels", six)),
            (Shape{6, 8, 9}));
  EXPECT_EQ(shape_of("Conv", {{4, 9, 8, 7}},
                     with(windowed({3, 2, 1}, {1, 2, 3}, {0, 1, 0, 0, 1, 0}, {1, 1, 1}), "out_channels", six)),
            (Shape{6, 7, 5, 3}));
  EXPECT_EQ(shape_of("MaxPool", {{4, 15, 15}}, windowed({3, 3}, {2, 2}, {1, 1, 1, 1}, {2, 2})), (Shape{4, 7, 7}));
  EXPECT_EQ(shape_of("ConvTranspose", {{4, 7, 9}},
                     with(with(windowed({3, 4}, {2, 3}, {1, 0, 1, 0}, {1, 2}), "out_channels", six), "output_padding",
                          ints({1, 0}))),
            (Shape{6, 14, 31}));
}

TEST(Infer, same_padding_keeps_the_extent_and_rounds_up_under_strides) {
  for (std::int64_t kernel = 1; kernel <= 7; ++kernel)
    for (std::int64_t stride = 1; stride <= 3; ++stride)
      for (std::int64_t dilation = 1; dilation <= 2; ++dilation) {
        Graph g;
        const NodeId x = g.input("x", {2, 14, 15});
        const Shape expected{3, (14 + stride - 1) / stride, (15 + stride - 1) / stride};
        EXPECT_EQ(g.shape(g.conv(x, 3, kernel, {.stride = stride, .dilation = dilation})), expected);
        EXPECT_EQ(g.shape(g.conv_transpose(x, 3, kernel, {.stride = stride, .dilation = dilation})),
                  (Shape{3, 14 * stride, 15 * stride}))
            << kernel << " " << stride << " " << dilation;
      }
}

TEST(Infer, shapes_of_the_other_operators) {
  const Shape image{8, 6, 4};
  EXPECT_EQ(shape_of("Gemm", {{5, 8}}, {{"units", std::int64_t{3}}}), (Shape{5, 3}));
  EXPECT_EQ(shape_of("MatMul", {{2, 3, 4}, {2, 4, 5}}), (Shape{2, 3, 5}));
  EXPECT_EQ(shape_of("Mul", {{8, 1, 1}, image}), image);
  EXPECT_EQ(shape_of("Sum", {image, image, image}), image);
  EXPECT_EQ(shape_of("Concat", {image, {2, 6, 4}}, {{"axis", std::int64_t{1}}}), (Shape{10, 6, 4}));
  EXPECT_EQ(shape_of("Concat", {image, {8, 6, 1}}, {{"axis", std::int64_t{-1}}}), (Shape{8, 6, 5}));
  EXPECT_THAT(apply("Split", {image}, {{"axis", std::int64_t{1}}, {"split", ints({3, 5})}}).outputs,
              ElementsAre(Shape{3, 6, 4}, Shape{5, 6, 4}));
  EXPECT_THAT(apply("Split", {image}, {{"axis", std::int64_t{2}}, {"num_outputs", std::int64_t{2}}}).outputs,
              ElementsAre(Shape{8, 3, 4}, Shape{8, 3, 4}));
  EXPECT_EQ(
      shape_of("Slice", {image},
               {{"axes", ints({2, -1})}, {"starts", ints({-3, 0})}, {"ends", ints({99, -1})}, {"steps", ints({2, 1})}}),
      (Shape{8, 2, 3}));
  EXPECT_EQ(shape_of("Flatten", {image}), (Shape{192}));
  EXPECT_EQ(shape_of("Reshape", {image}, {{"shape", ints({-1, 24})}}), (Shape{8, 24}));
  EXPECT_EQ(shape_of("Transpose", {image}, {{"perm", ints({0, 2, 3, 1})}}), (Shape{6, 4, 8}));
  EXPECT_EQ(shape_of("ReduceMean", {image}, {{"axes", ints({2, 3})}, {"keepdims", std::int64_t{0}}}), (Shape{8}));
  EXPECT_EQ(shape_of("ReduceMean", {image}, {{"axes", ints({-1})}}), (Shape{8, 6, 1}));
  EXPECT_EQ(shape_of("Pad", {image}, {{"pads", ints({0, 0, 1, 2, 0, 0, 3, 4})}}), (Shape{8, 10, 10}));
  EXPECT_EQ(shape_of("Resize", {image}, {{"scales", ints({2, 3})}}), (Shape{8, 12, 12}));
  EXPECT_EQ(shape_of("ChannelShuffle", {image}, {{"groups", std::int64_t{4}}}), image);
  EXPECT_EQ(shape_of("GlobalMaxPool", {image}), (Shape{8, 1, 1}));
  EXPECT_EQ(shape_of("Embedding", {{12}}, {{"vocabulary", std::int64_t{100}}, {"width", std::int64_t{16}}}),
            (Shape{12, 16}));
  EXPECT_EQ(parameters_of(apply("LayerNormalization", {image}, {{"axis", std::int64_t{-2}}})), 2 * 6 * 4);
  EXPECT_EQ(parameters_of(apply("GroupNormalization", {image}, {{"num_groups", std::int64_t{4}}})), 16);
  EXPECT_EQ(apply("Zero", {image}).other_flops, 0);
}

TEST(Infer, shared_weights_count_once_and_dead_nodes_not_at_all) {
  Graph g;
  const NodeId x = g.input("x", {16});
  const NodeId a = g.linear(x, 16, Bias::with, "a", "tied");
  const NodeId b = g.linear(a, 16, Bias::with, "b", "tied");
  g.linear(b, 1000, Bias::with, "dead");
  g.output(b);
  const GraphSummary summary = infer(g);
  EXPECT_EQ(summary.parameters, 16 * 16 + 16);
  EXPECT_EQ(summary.multiply_adds, 2 * 16 * 16);
  EXPECT_THAT(summary.node_parameters, ElementsAre(0, 272, 0, 0));
  EXPECT_THAT(summary.live, ElementsAre(true, true, true, false));
  EXPECT_EQ(summary.weights.size(), 2U);
}

TEST(Infer, weights_first_seen_on_a_dead_node_still_count_for_the_live_one) {
  Graph g;
  const NodeId x = g.input("x", {4});
  g.linear(x, 4, Bias::with, "dead", "tied");
  g.output(g.linear(x, 4, Bias::with, "live", "tied"));
  EXPECT_EQ(infer(g).parameters, 20);
}

// ------------------------------------------------------------------------------------------------ invalid graphs

std::string inference_complaint(const std::function<void(Graph&)>& build) {
  Graph g;
  try {
    build(g);
    infer(g);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_INVALID);
    return error.what();
  }
  return "accepted";
}

TEST(InferRefuses, a_kernel_larger_than_its_input) {
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.conv(g.input("x", {3, 5, 5}), 8, 7, {.padding = 0, .name = "conv3"}));
            }),
            "node 'conv3' (Conv): kernel 7x7 is larger than its 5x5 input; use a smaller kernel, more padding or fewer "
            "strides before it");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.conv(g.input("x", {3, 5, 5}), 8, 4, {.dilation = 3, .padding = 1, .name = "wide"}));
            }),
            "node 'wide' (Conv): kernel 4x4 with dilation 3x3 is larger than its 5x5 input padded by 1x1x1x1; use a "
            "smaller kernel, more padding or fewer strides before it");
}

TEST(InferRefuses, shapes_that_do_not_fit) {
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.add(g.input("a", {3, 5, 5}), g.input("b", {4, 5, 5}), "sum"));
            }),
            "node 'sum' (Add): inputs of shapes 3x5x5 and 4x5x5 do not fit; they need the same number of axes, each "
            "with equal extents or extent 1");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.concat({g.input("a", {3, 5, 5}), g.input("b", {3, 4, 5})}, 1, "join"));
            }),
            "node 'join' (Concat): inputs of shapes 3x5x5 and 3x4x5 do not join; they may differ only along the joined "
            "axis");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.reshape(g.input("a", {3, 5}), {4, -1}, "r"));
            }),
            "node 'r' (Reshape): an input of 3x5 (15 elements) does not reshape to 4x-1");
  EXPECT_EQ(inference_complaint([](Graph& g) { g.output(g.concat({g.input("a", {3})}, 0, "join")); }),
            "node 'join' (Concat): axis is 0; for a 3 input it must lie in [1, 1] or [-1, -1] (axis 0 is the batch)");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.conv(g.input("a", {3, 5, 5}), 8, 3, {.groups = 2, .name = "c"}));
            }),
            "node 'c' (Conv): group is 2 but the input channels are 3; the group must divide them");
  EXPECT_EQ(inference_complaint([](Graph& g) { g.output(g.conv(g.input("a", {3}), 8, 3)); }),
            "Conv on 'a': the shape is 3; it needs channels and 1 to 3 spatial axes");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output(g.attention(g.input("a", {7, 30}), 4, Masking::none, "mha"));
            }),
            "node 'mha' (MultiHeadAttention): num_heads is 4 but the features are 30; the heads must divide them");
  EXPECT_EQ(inference_complaint([](Graph& g) { g.output(g.split(g.input("a", {7}), 2, 1, "s")); }),
            "node 's' (Split): num_outputs is 2 but the axis has extent 7; it must divide it (or list the extents in "
            "'split')");
}

TEST(InferRefuses, attributes_that_are_unknown_missing_mistyped_or_out_of_bounds) {
  const auto conv = [](Attributes attributes) {
    return inference_complaint([&](Graph& g) { g.output(g.add("Conv", {g.input("x", {3, 8, 8})}, attributes, "c")); });
  };
  EXPECT_EQ(conv({{"out_channels", std::int64_t{4}}}),
            "node 'c' (Conv): attribute 'kernel_shape' is missing; it must be a list of integers");
  EXPECT_EQ(conv({{"out_channels", 4.0}, {"kernel_shape", ints({3, 3})}}),
            "node 'c' (Conv): attribute 'out_channels' must be an integer");
  EXPECT_EQ(conv({{"out_channels", std::int64_t{4}}, {"kernel_shape", ints({3, 3})}, {"auto_pad", "SAME_UPPER"}}),
            "node 'c' (Conv): unknown attribute 'auto_pad'; known are out_channels, kernel_shape, strides, pads, "
            "dilations, group, bias");
  EXPECT_EQ(conv({{"out_channels", std::int64_t{4}}, {"kernel_shape", ints({3})}}),
            "node 'c' (Conv): attribute 'kernel_shape' has 1 values; 2 are needed here");
  EXPECT_EQ(conv({{"out_channels", std::int64_t{4}}, {"kernel_shape", ints({3, 0})}}),
            "node 'c' (Conv): attribute 'kernel_shape' is 0; it must lie in [1, 1048576]");
  EXPECT_EQ(inference_complaint([](Graph& g) { g.output(g.dropout(g.input("x", {3}), 1.5, "d")); }),
            "node 'd' (Dropout): attribute 'ratio' is 1.5; it must lie in [0, 1]");
  EXPECT_EQ(
      inference_complaint([](Graph& g) {
        g.output(g.add("LSTM", {g.input("x", {3, 4})}, {{"hidden_size", std::int64_t{4}}, {"direction", "up"}}, "l"));
      }),
      "node 'l' (LSTM): attribute 'direction' is 'up'; it must be one of forward|reverse|bidirectional");
}

TEST(InferRefuses, graphs_that_make_no_sense_as_a_whole) {
  EXPECT_EQ(inference_complaint([](Graph& g) { g.input("x", {3}); }), "the graph has no output; mark one with output()");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              g.output({g.flatten(g.input("x", {3}), "f"), 1});
            }),
            "the graph reads output 1 of node 'f' (Flatten), which has 1");
  EXPECT_EQ(inference_complaint([](Graph& g) { g.output(g.add("Relu", {}, {}, "r")); }),
            "node 'r' (Relu): it has 0 inputs; it needs 1");
  EXPECT_EQ(inference_complaint([](Graph& g) {
              const NodeId x = g.input("x", {3});
              const NodeId a = g.linear(x, 4, Bias::with, "a", "tied");
              g.output(g.add(a, g.linear(x, 5, Bias::with, "b", "tied")));
            }),
            "node 'b' (Gemm): it shares weight group 'tied' with node 'a' (Gemm), but needs 'tied.weight' of 5x3 where "
            "the other has 'tied.weight' of 4x3; sharing nodes need the same weights");
  EXPECT_EQ(inference_complaint([](Graph& g) { g.output(g.linear(g.input("words", {12}, "int64"), 4, Bias::with, "l")); }),
            "node 'l' (Gemm): its input holds token numbers (int64); put an Embedding before it");
}

TEST(InferRefuses, an_unknown_operator_as_unsupported) {
  Graph g;
  g.output(g.add("Conv2D", {g.input("x", {3})}));
  try {
    infer(g);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_UNSUPPORTED);
    EXPECT_STREQ(error.what(),
                 "node 'conv2d1' (Conv2D): unknown operator; the reference page of the architecture graph lists them");
  }
}

TEST(InferRefuses, sizes_that_overflow) {
  const std::int64_t huge = 2'147'483'647;
  EXPECT_EQ(inference_complaint([&](Graph& g) {
              g.output(g.flatten(g.input("x", {huge, huge, huge}), "f"));
            }),
            "node 'x' (Input): the sizes are too large to count (more than 2^63)");
  EXPECT_EQ(inference_complaint([&](Graph& g) {
              g.output(g.input("x", {huge, 1024}));
            }),
            "node 'x' (Input): a tensor of shape 2147483647x1024; one row may have at most 2^40 elements");
  EXPECT_EQ(inference_complaint([&](Graph& g) { g.output(g.linear(g.input("x", {1'000'000'000}), huge, Bias::with, "l")); }),
            "accepted");
  EXPECT_EQ(inference_complaint([&](Graph& g) {
              Edge x = g.input("x", {huge});
              for (int i = 0; i < 5; ++i) x = g.linear(x, huge);
              g.output(x);
            }),
            "the sizes are too large to count (more than 2^63)");
}

}  // namespace
}  // namespace nascent
