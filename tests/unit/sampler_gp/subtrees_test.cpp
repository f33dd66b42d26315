#include "gp/subtrees.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nascent::gp {
namespace {

// Input, `n` times Relu, then an addition of the last two where `joined`.
Graph chain(int n, bool joined = false) {
  Graph graph;
  NodeId last = graph.input("x", {8}), before = last;
  for (int i = 0; i < n; ++i) {
    before = last;
    last = graph.add("Relu", {last}, {}, "relu" + std::to_string(i));
  }
  graph.add("Sigmoid", {last}, {}, "unused");
  graph.output(joined ? graph.add("Add", {before, last}, {}, "sum") : last);
  return graph;
}

std::vector<double> counts(const Subtrees& subtrees) {
  std::vector<double> all;
  for (const auto& [label, count] : subtrees.counts) all.push_back(count);
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Subtrees, are_counted_by_height_on_the_nodes_that_reach_an_output) {
  // Height 0: one input, three times Relu. Height 1: the input alone, Relu on it once, Relu on Relu twice. Height 2:
  // the input alone, and three different ones.
  EXPECT_EQ(counts(subtrees_of(chain(3), 0)), (std::vector<double>{1, 3}));
  EXPECT_EQ(counts(subtrees_of(chain(3), 1)), (std::vector<double>{1, 1, 1, 2, 3}));
  EXPECT_EQ(counts(subtrees_of(chain(3), 2)), (std::vector<double>{1, 1, 1, 1, 1, 1, 1, 2, 3}));
  EXPECT_EQ(subtrees_of(chain(3), 2).norm, 7 + 4 + 9);
}

TEST(Subtrees, their_similarity_is_the_cosine_of_the_counts) {
  const Subtrees three = subtrees_of(chain(3), 1), two = subtrees_of(chain(2), 1);
  // (1, 3 | 1, 1, 2) and (1, 2 | 1, 1, 1)
  EXPECT_DOUBLE_EQ(similarity(three, two), (1 + 6 + 1 + 1 + 2) / std::sqrt((1 + 9 + 1 + 1 + 4) * (1 + 4 + 1 + 1 + 1)));
  EXPECT_DOUBLE_EQ(similarity(three, three), 1);
  EXPECT_EQ(similarity(three, Subtrees()), 0);
  EXPECT_EQ(similarity(Subtrees(), Subtrees()), 1);
}

TEST(Subtrees, do_not_depend_on_the_order_of_nodes_or_inputs) {
  const auto graph = [](bool turned) {
    Graph g;
    const NodeId x = g.input("x", {8});
    const NodeId a = g.add(turned ? "Sigmoid" : "Relu", {x}, {}, "a"),
                 b = g.add(turned ? "Relu" : "Sigmoid", {x}, {}, "b");
    g.output(g.add("Add", {a, b}, {}, "sum"));
    return g;
  };
  EXPECT_EQ(subtrees_of(graph(false), 3).counts, subtrees_of(graph(true), 3).counts);
  EXPECT_LT(similarity(subtrees_of(graph(false), 3), subtrees_of(chain(2, true), 3)), 1);
}

}  // namespace
}  // namespace nascent::gp
