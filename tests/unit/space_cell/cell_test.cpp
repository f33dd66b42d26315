#include "cell.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "operations.hpp"
#include "support/space_instance.hpp"

namespace nascent::cell {
namespace {

using test::Config;
using Given = std::initializer_list<std::pair<std::string, test::OptionValue>>;

Cell make(Given given = {}, Shape input = {3, 32, 32}) {
  Config config(given);
  config.complete<Cell>();
  return {config.options(), test::image_data(std::move(input), 10)};
}

std::string refusal(Given given, const std::string& option, Shape input = {3, 32, 32}) {
  try {
    make(given, std::move(input));
  } catch (const Error& e) {
    EXPECT_EQ(e.option(), option);
    return e.what();
  }
  return "accepted";
}

void set_choice(const Cell& space, Point& p, const std::string& name, const std::string& value) {
  const SpaceView view(space.declaration().view());
  const nas_param& param = view.param(view.find(name));
  for (std::uint32_t k = 0; k < param.n_choices; ++k) {
    if (std::string_view(param.choices[k].u.s, param.choices[k].n) == value) return test::set(space.declaration(), p, name, k);
  }
  FAIL() << name << " cannot be " << value;
}

// The summary of the dense cell with these operations on 0-1, 0-2, 1-2, 0-3, 1-3, 2-3.
GraphSummary summary_of(const Cell& space, const std::vector<int>& codes) {
  Point p = test::draw(space.declaration(), 0);
  const char* edges[] = {"edge0_1", "edge0_2", "edge1_2", "edge0_3", "edge1_3", "edge2_3"};
  for (std::size_t e = 0; e < codes.size(); ++e) test::set(space.declaration(), p, edges[e], codes[e]);
  return infer(*test::build(space, p));
}

TEST(Cell, the_dense_cells_are_those_of_nas_bench_201_in_its_order) {
  const Cell space = make();
  EXPECT_EQ(test::names_of(space.declaration()),
            (std::vector<std::string>{"edge0_1", "edge0_2", "edge1_2", "edge0_3", "edge1_3", "edge2_3"}));
  EXPECT_EQ(dense_operations(),
            (std::vector<std::string>{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"}));
}

// The benchmark gives, in millions, 0.073306 parameters and 7.78305 multiply-adds of the network around the cells (10 of them
// the additions of the head's bias), and 0.028 and 3.93216 for a 1x1, 0.24304 and 35.38944 for a 3x3 convolution on an edge.
TEST(Cell, has_the_parameters_and_multiply_adds_that_nas_bench_201_publishes) {
  const Cell space = make({{"cells", 5}});
  for (const auto& codes : {std::vector{1, 1, 1, 1, 1, 1}, {3, 3, 4, 1, 3, 1}, {3, 3, 3, 1, 3, 2}, {2, 4, 2, 2, 1, 2}}) {
    const auto of = [&](int op) { return std::ranges::count(codes, op); };
    const GraphSummary s = summary_of(space, codes);
    EXPECT_EQ(s.parameters, 73306 + 28000 * of(2) + 243040 * of(3));
    EXPECT_EQ(s.multiply_adds + 10, 7783050 + 3932160 * of(2) + 35389440 * of(3));
  }
}

TEST(Cell, a_path_of_skips_is_no_layer_and_dead_edges_are_left_out) {
  const Cell space = make();
  const auto hash = [&](const std::vector<int>& codes) {
    Point p = test::draw(space.declaration(), 0);
    const char* edges[] = {"edge0_1", "edge0_2", "edge1_2", "edge0_3", "edge1_3", "edge2_3"};
    for (std::size_t e = 0; e < codes.size(); ++e) test::set(space.declaration(), p, edges[e], codes[e]);
    return canonical_hash(*test::build(space, p));
  };
  EXPECT_EQ(hash({0, 0, 0, 3, 0, 0}), hash({0, 0, 3, 3, 3, 0})) << "nothing arrives at node 1";
  EXPECT_EQ(hash({1, 0, 0, 0, 3, 0}), hash({0, 1, 0, 0, 0, 3})) << "the same way by another node";
  EXPECT_NE(hash({1, 0, 0, 0, 3, 0}), hash({1, 0, 0, 0, 2, 0}));
}

TEST(Cell, without_a_way_from_input_to_output_there_is_no_architecture) {
  const Cell space = make();
  try {
    summary_of(space, {3, 3, 3, 0, 0, 0});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_INVALID);
    EXPECT_STREQ(e.what(), "no way leads through the cell: every path from its input to its output has an edge with 'none'");
  }
}

// The network of table 1 of Liu et al. (second order, 36 channels, 20 cells) has 3,349,342 parameters.
TEST(Cell, the_published_cell_of_darts_has_its_published_size) {
  const Cell space = make({{"wiring", std::string("pairs")}, {"cells", 6}, {"widths", 36}});
  Point p = test::draw(space.declaration(), 0);
  const auto node = [&](const std::string& name, const std::string& inputs, const std::string& first, const std::string& second) {
    if (!name.ends_with("node0")) set_choice(space, p, name + ".inputs", inputs);
    set_choice(space, p, name + ".first", first);
    set_choice(space, p, name + ".second", second);
  };
  node("normal.node0", "0+1", "sep_conv_3x3", "sep_conv_3x3");
  node("normal.node1", "0+1", "sep_conv_3x3", "sep_conv_3x3");
  node("normal.node2", "0+1", "skip_connect", "sep_conv_3x3");
  node("normal.node3", "0+2", "skip_connect", "dil_conv_3x3");
  node("reduction.node0", "0+1", "max_pool_3x3", "max_pool_3x3");
  node("reduction.node1", "1+2", "max_pool_3x3", "skip_connect");
  node("reduction.node2", "0+2", "max_pool_3x3", "skip_connect");
  node("reduction.node3", "1+2", "max_pool_3x3", "skip_connect");
  EXPECT_EQ(infer(*test::build(space, p)).parameters, 3349342);
}

TEST(Cell, every_draw_has_an_architecture_or_says_that_no_way_leads_through) {
  for (const std::string wiring : {"dense", "pairs"}) {
    for (const Shape& input : {Shape{1, 28, 28}, Shape{3, 32, 32}, Shape{3, 9, 31}, Shape{1, 1, 1}, Shape{2, 3, 64}}) {
      const Cell space = make({{"wiring", wiring},
                               {"nodes", 3},
                               {"cells", std::vector<std::int64_t>{1, 2}},
                               {"stages", 4},
                               {"widths", std::vector<std::int64_t>{1, 6}},
                               {"dropout", std::vector<double>{0, 0.5}},
                               {"map_min", 1}},
                              input);
      int built = 0;
      for (std::uint64_t t = 0; t < 30; ++t) {
        try {
          const auto graph = test::build(space, test::draw(space.declaration(), t));
          ASSERT_EQ(infer(*graph).shapes[graph->outputs()[0].node.value][0], (Shape{10})) << wiring << to_text(input) << " draw " << t;
          ++built;
        } catch (const Error& e) {
          ASSERT_EQ(wiring, "dense");
          ASSERT_EQ(e.status(), NAS_E_INVALID);
        }
      }
      EXPECT_GE(built, wiring == "dense" ? 15 : 30);
    }
  }
}

TEST(Cell, the_map_is_halved_only_down_to_map_min) {
  const Cell space = make({{"stages", 6}, {"map_min", 8}});
  Point p = test::draw(space.declaration(), 0);
  set_choice(space, p, "edge0_3", "nor_conv_3x3");
  Graph g = *test::build(space, p);
  std::set<std::int64_t> extents;
  for (std::uint32_t n = 0; n < g.nodes().size(); ++n) {
    const Shape shape = g.shape(NodeId{n});
    if (shape.size() == 3 && g.nodes()[n].op != "GlobalAveragePool") extents.insert(shape[1]);
  }
  EXPECT_EQ(extents, (std::set<std::int64_t>{8, 16, 32}));
}

TEST(Cell, mistakes_name_the_option) {
  EXPECT_EQ(refusal({{"wiring", std::string("pairs")}, {"operations", std::vector<std::string>{"none"}}}, "/operations"),
            "operations has 'none'; with wiring = \"pairs\" an edge that does nothing is one that is not chosen: leave it out, or take "
            "wiring = \"dense\"");
  EXPECT_EQ(refusal({{"nodes", 1}}, "/nodes"), "nodes is 1; a dense cell needs at least 2, its input and its output");
  EXPECT_NE(refusal({{"operations", std::vector<std::string>{"conv"}}}, "/operations").find("operations has 'conv'; it has to be one of: none"),
            std::string::npos);
  EXPECT_EQ(refusal({}, "", Shape{13}),
            "space 'cell' needs images [channels, height, width]; a row of this dataset is 13; space 'mlp' takes rows of any shape");
}

}  // namespace
}  // namespace nascent::cell
