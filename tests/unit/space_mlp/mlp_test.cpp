#include "mlp.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/space_instance.hpp"

namespace nascent::mlp {
namespace {

using test::Config;

Mlp make(std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}, Shape input = {30},
         std::int64_t n_outputs = 3) {
  Config config(given);
  config.complete<Mlp>();
  return {config.options(), test::image_data(std::move(input), n_outputs)};
}

std::ptrdiff_t count(const Graph& g, const std::string& op) {
  return std::count_if(g.nodes().begin(), g.nodes().end(), [&](const Node& n) { return n.op == op; });
}

TEST(Mlp, every_draw_has_an_architecture) {
  for (const Shape& input : {Shape{30}, Shape{1}, Shape{1, 8, 8}}) {
    const Mlp space = make({{"depth", std::vector<std::int64_t>{0, 6}}}, input, 2);
    for (std::uint64_t t = 0; t < 300; ++t) {
      const auto graph = test::build(space, test::draw(space.declaration(), t));
      ASSERT_TRUE(graph.has_value());
      ASSERT_EQ(infer(*graph).shapes[graph->outputs()[0].node.value][0], (Shape{2}));
    }
  }
}

TEST(Mlp, depth_0_is_a_linear_model) {
  const Mlp space = make({{"depth", 0}});
  EXPECT_EQ(infer(*test::build(space, test::draw(space.declaration(), 0))).parameters, 30 * 3 + 3);
}

TEST(Mlp, has_the_layers_its_options_fix) {
  const Mlp space = make({{"depth", 2},
                          {"widths", 16},
                          {"activations", "tanh"},
                          {"normalizations", "batch"},
                          {"blocks", "plain"},
                          {"dropout", 0.1}});
  EXPECT_TRUE(space.declaration().parameters().empty());
  const auto graph = test::build(space, Point(0));
  EXPECT_EQ(count(*graph, "Tanh"), 2);
  EXPECT_EQ(count(*graph, "Dropout"), 2);
  EXPECT_EQ(count(*graph, "Add"), 0);
  EXPECT_EQ(infer(*graph).parameters, (30 * 16 + 32) + (16 * 16 + 32) + (16 * 3 + 3));
}

TEST(Mlp, blocks_add_to_their_input) {
  for (const std::string kind : {"residual", "gated"}) {
    const Mlp space = make({{"depth", 2},
                            {"widths", 16},
                            {"activations", "gelu"},
                            {"normalizations", "layer"},
                            {"blocks", kind},
                            {"dropout", 0.1}});
    const auto graph = test::build(space, Point(0));
    EXPECT_EQ(count(*graph, "Add"), 2);
    EXPECT_EQ(count(*graph, "Mul"), kind == "gated" ? 2 : 0);
    EXPECT_EQ(count(*graph, "Gelu"), 3);
    const std::int64_t linear = 16 * 16 + 16, norm = 32, block = norm + (kind == "gated" ? 3 : 2) * linear;
    EXPECT_EQ(infer(*graph).parameters, (30 * 16 + 16) + 2 * block + norm + (16 * 3 + 3));
  }
}

TEST(Mlp, a_block_of_another_width_has_a_linear_layer_in_front) {
  const Mlp space = make({{"depth", 2}, {"widths", std::vector<std::int64_t>{8, 16}}, {"activations", "relu"},
                          {"normalizations", "none"}, {"blocks", "residual"}, {"dropout", 0.0}});
  Point p = test::draw(space.declaration(), 0);
  test::set(space.declaration(), p, "layer0.width", 0);
  test::set(space.declaration(), p, "layer1.width", 1);
  EXPECT_EQ(infer(*test::build(space, p)).parameters,
            (30 * 8 + 8) + 2 * (8 * 8 + 8) + (8 * 16 + 16) + 2 * (16 * 16 + 16) + (16 * 3 + 3));
}

TEST(Mlp, widths_of_unused_layers_are_inactive) {
  const Mlp space = make({{"depth", std::vector<std::int64_t>{1, 3}}});
  const SpaceView view(space.declaration().view());
  Point p = test::draw(space.declaration(), 1);
  test::set(space.declaration(), p, "layer.count", 2);
  EXPECT_EQ(p.active[view.find("layer0.width")], 1);
  EXPECT_EQ(p.active[view.find("layer1.width")], 1);
  EXPECT_EQ(p.active[view.find("layer2.width")], 0);
}

TEST(Mlp, needs_a_dataset) {
  Config config;
  config.complete<Mlp>();
  EXPECT_THROW(Mlp(config.options(), SpaceSetup{}), Error);
}

}  // namespace
}  // namespace nascent::mlp
