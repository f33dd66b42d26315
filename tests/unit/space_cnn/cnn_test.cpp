#include "cnn.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/space_instance.hpp"

namespace nascent::cnn {
namespace {

using test::Config;

Cnn make(std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}, Shape input = {1, 28, 28}) {
  Config config(given);
  config.complete<Cnn>();
  return {config.options(), test::image_data(std::move(input), 10)};
}

std::string refusal(std::initializer_list<std::pair<std::string, test::OptionValue>> given, const std::string& option,
                    Shape input = {1, 28, 28}) {
  try {
    make(given, std::move(input));
  } catch (const Error& e) {
    EXPECT_EQ(e.option(), option);
    return e.what();
  }
  return "accepted";
}

TEST(Cnn, every_draw_has_an_architecture_that_answers_with_one_logit_per_class) {
  for (const Shape& input : {Shape{1, 28, 28}, Shape{3, 32, 32}, Shape{3, 5, 64}, Shape{1, 1, 1}, Shape{2, 3, 3}}) {
    const Cnn space = make({{"stages", std::vector<std::int64_t>{1, 6}},
                            {"normalizations", std::vector<std::string>{"batch", "group", "none"}},
                            {"stem_strides", std::vector<std::int64_t>{1, 2, 4}},
                            {"growths", std::vector<std::int64_t>{1, 2}},
                            {"map_min", 1}},
                           input);
    for (std::uint64_t t = 0; t < 200; ++t) {
      const auto graph = test::build(space, test::draw(space.declaration(), t));
      ASSERT_TRUE(graph.has_value());
      const GraphSummary summary = infer(*graph);
      ASSERT_EQ(summary.shapes[graph->outputs()[0].node.value][0], (Shape{10})) << to_text(input) << " draw " << t;
    }
  }
}

TEST(Cnn, draws_differ_in_architecture) {
  const Cnn space = make();
  std::set<std::string> hashes;
  for (std::uint64_t t = 0; t < 200; ++t)
    hashes.insert(canonical_hash(*test::build(space, test::draw(space.declaration(), t))));
  EXPECT_GT(hashes.size(), 190U);
}

TEST(Cnn, declares_one_set_of_variables_per_stage_with_conditions) {
  const Cnn space = make({{"blocks", std::vector<std::string>{"plain", "squeeze_excite"}}});
  EXPECT_EQ(
      test::names_of(space.declaration()),
      (std::vector<std::string>{"activation", "pooling", "dropout", "stage.count", "stage0.depth", "stage0.width",
                                "stage0.kernel", "stage0.block", "stage0.expansion", "stage1.depth", "stage1.width",
                                "stage1.kernel", "stage1.block", "stage1.expansion", "stage2.depth", "stage2.width",
                                "stage2.kernel", "stage2.block", "stage2.expansion"}));
  const SpaceView view(space.declaration().view());
  Point p = test::draw(space.declaration(), 0);
  test::set(space.declaration(), p, "stage.count", 2);
  EXPECT_EQ(p.active[view.find("stage2.depth")], 0);
  test::set(space.declaration(), p, "stage1.block", 0);
  EXPECT_EQ(p.active[view.find("stage1.expansion")], 0);
  test::set(space.declaration(), p, "stage1.block", 1);
  EXPECT_EQ(p.active[view.find("stage1.expansion")], 1);
}

TEST(Cnn, one_value_removes_the_variable) {
  const Cnn space = make({{"stages", 2},
                          {"depth", 1},
                          {"widths", 16},
                          {"kernels", 3},
                          {"blocks", "residual"},
                          {"activations", "relu"},
                          {"poolings", "max"},
                          {"dropout", 0.0}});
  EXPECT_TRUE(space.declaration().parameters().empty());
  const auto graph = test::build(space, Point(0));
  // Stem 1->16, residual 16, residual 16->32 with projection, head.
  EXPECT_EQ(infer(*graph).parameters,
            (9 * 16 + 32) + 2 * (9 * 16 * 16 + 32) + (9 * 16 * 32 + 64) + (9 * 32 * 32 + 64) + (16 * 32 + 64) + 330);
}

TEST(Cnn, downsampling_stops_before_the_map_gets_too_small) {
  const auto extents = [](const Cnn& space, const std::string& op) {
    Point p = test::draw(space.declaration(), 3);
    const auto graph = test::build(space, p);
    return std::count_if(graph->nodes().begin(), graph->nodes().end(), [&](const Node& n) { return n.op == op; });
  };
  const auto narrow = [](std::int64_t map_min) {
    return make({{"stages", 8}, {"poolings", "max"}, {"map_min", static_cast<int>(map_min)}});
  };
  EXPECT_EQ(extents(narrow(1), "MaxPool"), 4);   // 28 14 7 3 1
  EXPECT_EQ(extents(narrow(3), "MaxPool"), 3);   // 28 14 7 3
  EXPECT_EQ(extents(narrow(10), "MaxPool"), 1);  // 28 14
  EXPECT_EQ(extents(narrow(28), "MaxPool"), 0);
}

TEST(Cnn, later_stages_are_wider_by_growth) {
  const Cnn space =
      make({{"stages", 3}, {"depth", 1}, {"widths", 8}, {"growths", 3}, {"blocks", "plain"}, {"kernels", 3}});
  const auto graph = test::build(space, test::draw(space.declaration(), 0));
  std::vector<std::int64_t> channels;
  for (const Node& n : graph->nodes()) {
    if (n.op == "Conv") channels.push_back(std::get<std::int64_t>(n.attributes.at("out_channels")));
  }
  EXPECT_EQ(channels, (std::vector<std::int64_t>{8, 8, 24, 72}));
}

TEST(Cnn, building_is_pure) {
  const Cnn space = make();
  const Point p = test::draw(space.declaration(), 5);
  EXPECT_EQ(*test::build(space, p), *test::build(space, p));
}

TEST(Cnn, tells_what_is_wrong_with_its_options) {
  EXPECT_EQ(refusal({{"kernels", std::vector<std::int64_t>{3, 4}}}, "/kernels"),
            "kernels has 4; kernel extents are odd, so that the map keeps its size");
  EXPECT_EQ(refusal({{"stages", std::vector<std::int64_t>{3, 2}}}, "/stages"),
            "stages is [3, 2]; it has to be one value, or [lowest, highest]");
  EXPECT_EQ(refusal({{"depth", std::vector<std::int64_t>{1, 2, 3}}}, "/depth"),
            "depth is [1, 2, 3]; it has to be one value, or [lowest, highest]");
  EXPECT_EQ(refusal({{"widths", std::vector<std::int64_t>{}}}, "/widths"), "widths is empty; give at least one value");
  EXPECT_EQ(refusal({{"widths", std::vector<std::int64_t>{16, 16}}}, "/widths"),
            "widths is [16, 16]; it has to ascend, without equal values");
  EXPECT_EQ(refusal({{"blocks", std::vector<std::string>{"plain", "resnet"}}}, "/blocks"),
            "blocks has 'resnet'; it has to be one of: plain, residual, depthwise_separable, squeeze_excite");
  EXPECT_EQ(refusal({{"activations", std::vector<std::string>{"relu", "relu"}}}, "/activations"),
            "activations has 'relu' twice; leave one out");
}

TEST(Cnn, needs_images) {
  EXPECT_EQ(refusal({}, "", {30}),
            "space 'cnn' needs images [channels, height, width]; a row of this dataset is 30; space 'mlp' takes rows "
            "of any shape");
  Config config;
  config.complete<Cnn>();
  EXPECT_THROW(Cnn(config.options(), SpaceSetup{}), Error);
}

}  // namespace
}  // namespace nascent::cnn
