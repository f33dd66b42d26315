#include "blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace nascent::cnn {
namespace {

constexpr std::int64_t kChannels = 16, kExtent = 14;

struct Built {
  Graph graph;
  GraphSummary summary;
  Shape out;
};

Built built(const std::string& kind, const BlockShape& b, const Style& style = {"relu", "batch"}) {
  Built result;
  Graph& g = result.graph;
  const Edge y = block(kind, g, g.input("x", {kChannels, kExtent, kExtent}), b, style);
  result.out = g.shape(y);
  g.output(y);
  result.summary = infer(g);
  return result;
}

std::ptrdiff_t count(const Graph& g, const std::string& op) {
  return std::count_if(g.nodes().begin(), g.nodes().end(), [&](const Node& n) { return n.op == op; });
}

TEST(Blocks, plain_has_the_parameters_of_one_convolution_and_its_normalisation) {
  const Built b = built("plain", {.width = 32, .kernel = 5});
  EXPECT_EQ(b.out, (Shape{32, 14, 14}));
  EXPECT_EQ(b.summary.parameters, 32 * 16 * 25 + 2 * 32);
  EXPECT_EQ(b.summary.multiply_adds, 32 * 16 * 25 * 14 * 14);
}

TEST(Blocks, without_normalisation_convolutions_have_a_bias) {
  EXPECT_EQ(built("plain", {.width = 32, .kernel = 3}, {"relu", "none"}).summary.parameters, 32 * 16 * 9 + 32);
}

TEST(Blocks, group_normalisation_takes_as_many_groups_as_divide_the_width) {
  for (const std::int64_t width : {8, 12, 6, 5}) {
    EXPECT_EQ(built("plain", {.width = width, .kernel = 3}, {"relu", "group"}).out[0], width);
  }
}

TEST(Blocks, residual_keeps_the_input_as_shortcut_where_the_shape_stays) {
  const Built b = built("residual", {.width = 16, .kernel = 3});
  EXPECT_EQ(count(b.graph, "Conv"), 2);
  EXPECT_EQ(count(b.graph, "Add"), 1);
  EXPECT_EQ(b.summary.parameters, 2 * (16 * 16 * 9 + 2 * 16));
}

TEST(Blocks, residual_projects_the_shortcut_where_the_shape_changes) {
  const Built b = built("residual", {.width = 32, .kernel = 3, .stride = 2});
  EXPECT_EQ(b.out, (Shape{32, 7, 7}));
  EXPECT_EQ(count(b.graph, "Conv"), 3);
  EXPECT_EQ(b.summary.parameters, (32 * 16 * 9 + 64) + (32 * 32 * 9 + 64) + (32 * 16 + 64));
}

TEST(Blocks, depthwise_separable_has_one_filter_per_channel) {
  const Built b = built("depthwise_separable", {.width = 32, .kernel = 3, .stride = 2});
  EXPECT_EQ(b.out, (Shape{32, 7, 7}));
  EXPECT_EQ(b.summary.parameters, (16 * 9 + 32) + (32 * 16 + 64));
}

TEST(Blocks, squeeze_excite_expands_excites_and_projects) {
  const Built b = built("squeeze_excite", {.width = 16, .kernel = 3, .stride = 1, .expansion = 4});
  EXPECT_EQ(b.out, (Shape{16, 14, 14}));
  const std::int64_t inner = 64, reduced = 16;
  EXPECT_EQ(b.summary.parameters, (inner * 16 + 2 * inner) + (inner * 9 + 2 * inner) + (inner * reduced + reduced) +
                                      (reduced * inner + inner) + (16 * inner + 32));
  EXPECT_EQ(count(b.graph, "Add"), 1);
  EXPECT_EQ(count(built("squeeze_excite", {.width = 24, .kernel = 3, .stride = 1, .expansion = 4}).graph, "Add"), 0);
  EXPECT_EQ(count(built("squeeze_excite", {.width = 16, .kernel = 3, .stride = 2, .expansion = 1}).graph, "Conv"), 4);
}

}  // namespace
}  // namespace nascent::cnn
