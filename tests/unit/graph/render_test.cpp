// What people see of an architecture: the table, Graphviz, and the reference page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "models.hpp"

namespace nascent {
namespace {

using ::testing::HasSubstr;

Graph small() {
  Graph g;
  const NodeId x = g.input("image", {1, 8, 8});
  const NodeId conv = g.conv(x, 16, 3, {.name = "conv"});
  g.conv(x, 4, 3, {.name = "spare"});
  const NodeId parts = g.split(conv, 2, 1, "parts");
  const NodeId flat = g.flatten(Edge{parts, 1}, "flat");
  g.output(g.linear(flat, 10, Bias::with, "head", "tied"));
  return g;
}

TEST(ToText, one_line_a_node_then_the_totals) {
  EXPECT_EQ(to_text(small()), R"(image  Input()           dtype=float32 shape=[1,8,8]                        1x8x8
conv   Conv(image)       kernel_shape=[3,3] out_channels=16 pads=[1,1,1,1]  16x8x8           160
spare  Conv(image)       kernel_shape=[3,3] out_channels=4 pads=[1,1,1,1]   4x8x8         unused
parts  Split(conv)       axis=1 num_outputs=2                               8x8x8, 8x8x8
flat   Flatten(parts:1)                                                     512
head   Gemm(flat)        units=10                                           10             5,130  weights of tied
output: head
parameters=5,290 flops=29,706 multiply_adds=14,336 weight_bytes=21,160
)");
}

TEST(ToText, an_invalid_graph_is_shown_with_its_reason) {
  Graph g;
  g.output(g.add("Flatten", {g.input("x", {3}), g.input("y", {3})}, {}, "f"));
  EXPECT_EQ(to_text(g), R"(x  Input()        dtype=float32 shape=[3]
y  Input()        dtype=float32 shape=[3]
f  Flatten(x, y)
output: f
invalid: node 'f' (Flatten): it has 2 inputs; it needs 1
)");
}

TEST(ToDot, graphviz_reads_it) {
  // Only this test needs Graphviz; `bootstrap.sh test` installs it.
  if (std::system("dot -V > /dev/null 2>&1") != 0) GTEST_SKIP() << "Graphviz's dot is not installed";
  Graph hostile;
  hostile.output(hostile.add("Odd", {hostile.input("x", {3})}, {{"text", "a\"b\\c\nd->{e}"}}));
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("nascent_dot_" + std::to_string(std::random_device()()) + ".dot");
  for (const Graph& graph : {small(), models::resnet18(), hostile}) {
    std::ofstream(file) << to_dot(graph);
    const std::string command = "dot -Tsvg " + file.string() + " > /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << to_dot(graph);
  }
  std::filesystem::remove(file);
}

TEST(ToDot, edges_carry_shapes_and_dead_nodes_are_dashed) {
  const std::string dot = to_dot(small());
  EXPECT_THAT(dot, HasSubstr("n0 -> n1 [label=\"1x8x8\"];"));
  EXPECT_THAT(
      dot, HasSubstr("n2 [label=\"spare\\nConv\\nkernel_shape=[3,3] out_channels=4 pads=[1,1,1,1]\", style=dashed];"));
}

// The reference page lists every operator with its attributes, so that it cannot fall behind the table.
TEST(ReferencePage, lists_every_operator_with_its_attributes) {
  std::ifstream file(std::string(NASCENT_SOURCE_DIR) + "/docs/reference/architecture-graph.md");
  ASSERT_TRUE(file) << "docs/reference/architecture-graph.md is missing";
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `")) rows[line.substr(3, line.find('`', 3) - 3)] = line;
  for (const Operator* op : operators()) {
    ASSERT_TRUE(rows.contains(std::string(op->name))) << op->name << " has no row";
    for (const AttributeInfo& info : op->attributes)
      EXPECT_THAT(rows[std::string(op->name)], HasSubstr("`" + std::string(info.name) + "`"));
  }
}

}  // namespace
}  // namespace nascent
