// Graphs across the ABI: round trips, and tables that lie.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>

#include "models.hpp"

namespace nascent {
namespace {

struct Release {
  void operator()(nas_graph* graph) const { graph->release(graph->owner); }
};
using AbiGraph = std::unique_ptr<nas_graph, Release>;

Graph with_every_attribute_type() {
  Graph g;
  const NodeId x = g.input("x", {3, 8, 8});
  g.output(g.add("Own", {x, Edge{x, 0}},
                 {{"i", std::int64_t{-3}},
                  {"f", 0.25},
                  {"s", "text \"quoted\""},
                  {"is", std::vector<std::int64_t>{1, 2}},
                  {"fs", std::vector<double>{}}},
                 "own", "group"));
  return g;
}

TEST(AbiGraph, a_round_trip_gives_an_equal_graph) {
  for (const Graph& graph : {models::lenet5(), models::resnet18(), with_every_attribute_type()}) {
    const AbiGraph table(graph.to_abi());
    EXPECT_EQ(Graph::from_abi(*table), graph);
  }
}

TEST(AbiGraph, the_table_outlives_the_graph_it_came_from) {
  auto graph = std::make_unique<Graph>(models::lenet5());
  const AbiGraph table(graph->to_abi());
  graph.reset();
  EXPECT_EQ(Graph::from_abi(*table), models::lenet5());
}

// A small table with writable arrays: input x -> relu -> output.
struct Table {
  nas_str op[3] = {str("Input"), str("Relu"), str("Relu")}, name[3] = {str("x"), str("r"), str("s")}, group[3]{};
  std::uint32_t input_first[4] = {0, 0, 1, 2}, attr_first[4] = {0, 2, 2, 2};
  nas_edge inputs[2] = {{0, 0}, {1, 0}}, outputs[1] = {{2, 0}};
  std::int64_t extents[3] = {3, 8, 8};
  nas_named_value attrs[2] = {{str("shape"), {NAS_T_INTS, 3, {}}}, {str("dtype"), {NAS_T_STR, 7, {}}}};
  nas_graph graph{};

  Table() {
    attrs[0].value.u.is = extents;
    attrs[1].value.u.s = "float32";
    graph.size = sizeof graph;
    graph.ir_version = 1;
    graph.n_nodes = 3;
    graph.n_outputs = 1;
    graph.op = op;
    graph.name = name;
    graph.weight_group = group;
    graph.input_first = input_first;
    graph.inputs = inputs;
    graph.attr_first = attr_first;
    graph.attrs = attrs;
    graph.outputs = outputs;
  }
};

std::string complaint(const std::function<void(Table&)>& spoil) {
  Table table;
  spoil(table);
  try {
    Graph::from_abi(table.graph);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_INVALID);
    return error.what();
  }
  return "accepted";
}

TEST(AbiGraphRefuses, tables_that_lie) {
  EXPECT_EQ(complaint([](Table&) {}), "accepted");
  EXPECT_EQ(complaint([](Table& t) { t.graph.size = 16; }), "graph: size is 16; the struct has 96 bytes");
  EXPECT_EQ(complaint([](Table& t) { t.graph.ir_version = 2; }), "graph: ir_version is 2; this build reads up to 1");
  EXPECT_EQ(complaint([](Table& t) { t.graph.n_nodes = 0; }), "graph: it has 0 nodes; 1 to 2^20 are allowed");
  EXPECT_EQ(complaint([](Table& t) { t.graph.n_nodes = ~0U; }),
            "graph: it has 4294967295 nodes; 1 to 2^20 are allowed");
  EXPECT_EQ(complaint([](Table& t) { t.graph.n_outputs = 0; }), "graph: it has 0 outputs; 1 to 2^24 are allowed");
  EXPECT_EQ(complaint([](Table& t) { t.graph.name = nullptr; }), "graph: name is null; it must have 3 elements");
  EXPECT_EQ(complaint([](Table& t) { t.graph.inputs = nullptr; }), "graph: inputs is null; it must have 2 elements");
  EXPECT_EQ(complaint([](Table& t) {
              t.name[1] = {nullptr, 4};
            }),
            "graph: node 1: name is null; it must have 4 elements");
  EXPECT_EQ(complaint([](Table& t) {
              t.name[1] = {nullptr, 0};
            }),
            "graph: node 1: name is empty; every node needs one");
  EXPECT_EQ(complaint([](Table& t) { t.op[1].n = std::size_t{1} << 40; }),
            "graph: node 1: op has 1099511627776 bytes; at most 200 are allowed");
  EXPECT_EQ(complaint([](Table& t) { t.name[1] = str("a\n\xff"); }),
            "node name 'a\?\?' is no name; letters, digits and _ - . / : are allowed, at most 200");
  EXPECT_EQ(complaint([](Table& t) { t.name[1] = str("x"); }), "two nodes are named 'x'; names must be unique");
  EXPECT_EQ(complaint([](Table& t) { t.group[2] = str("a b"); }),
            "weight group 'a b' is no name; letters, digits and _ - . / : are allowed, at most 200");
}

TEST(AbiGraphRefuses, wires_that_lead_nowhere_or_in_circles) {
  EXPECT_EQ(
      complaint([](Table& t) { t.inputs[1].node = 2; }),
      "node 's' (Relu): input 0 refers to node 2, but only 2 nodes come before it; nodes must be in topological order");
  EXPECT_EQ(
      complaint([](Table& t) { t.inputs[0].node = 2; }),
      "node 'r' (Relu): input 0 refers to node 2, but only 1 nodes come before it; nodes must be in topological order");
  EXPECT_EQ(complaint([](Table& t) { t.inputs[0].node = ~0U; }),
            "node 'r' (Relu): input 0 refers to node 4294967295, but only 1 nodes come before it; nodes must be in "
            "topological order");
  EXPECT_EQ(complaint([](Table& t) { t.outputs[0].node = 3; }),
            "output 0 refers to node 3, but only 3 nodes come before it; nodes must be in topological order");
}

TEST(AbiGraphRefuses, offsets_and_attributes_out_of_order) {
  EXPECT_EQ(complaint([](Table& t) { t.input_first[0] = 1; }), "graph: input_first[0] is 1; it must be 0");
  EXPECT_EQ(complaint([](Table& t) { t.input_first[2] = 0, t.input_first[1] = 1; }),
            "graph: input_first[2] is 0 after 1; offsets must not fall and not exceed 2^24");
  EXPECT_EQ(complaint([](Table& t) { t.attr_first[3] = ~0U; }),
            "graph: attr_first[3] is 4294967295 after 2; offsets must not fall and not exceed 2^24");
  EXPECT_EQ(complaint([](Table& t) { t.attrs[1].name = str("shape"); }),
            "graph: node 0: attribute 'shape' is given twice");
  EXPECT_EQ(complaint([](Table& t) { t.attrs[1].value.type = NAS_T_NULL; }),
            "graph: node 0: attribute 'dtype' has value type 0; attributes are numbers, text or lists of numbers");
  EXPECT_EQ(complaint([](Table& t) { t.attrs[0].value.u.is = nullptr; }),
            "graph: node 0: attribute 'shape' is null; it must have 3 elements");
  EXPECT_EQ(complaint([](Table& t) { t.attrs[0].value.n = ~0U; }),
            "graph: node 0: attribute 'shape' has 4294967295 elements; at most 2^24 are allowed");
  EXPECT_EQ(complaint([](Table& t) {
              t.attrs[1].value.type = NAS_T_FLOAT;
              t.attrs[1].value.u.f = std::numeric_limits<double>::infinity();
            }),
            "node 'x' (Input): attribute 'dtype' is not finite");
}

// Whatever the numbers in the arrays are, reading gives a graph or an Error, and a graph that was read works.
TEST(AbiGraphRefuses, random_damage_without_crashing) {
  std::mt19937_64 random(5);
  int read = 0, refused = 0;
  for (int round = 0; round < 5'000; ++round) {
    Table t;
    std::uint32_t* const words[] = {&t.input_first[1],    &t.input_first[2],  &t.attr_first[1],    &t.attr_first[2],
                                    &t.inputs[0].node,    &t.inputs[1].node,  &t.inputs[1].output, &t.outputs[0].node,
                                    &t.outputs[0].output, &t.attrs[1].value.n};
    for (int k = 0; k < 2; ++k) *words[random() % std::size(words)] = static_cast<std::uint32_t>(random() % 4);
    t.extents[random() % 3] = static_cast<std::int64_t>(random()) >> (random() % 64);
    try {
      const Graph graph = Graph::from_abi(t.graph);
      ++read;
      EXPECT_EQ(canonical_hash(graph).size(), 32U);
      EXPECT_FALSE(to_text(graph).empty());
      EXPECT_FALSE(to_dot(graph).empty());
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 250);
  EXPECT_GT(refused, 250);
}

}  // namespace
}  // namespace nascent
