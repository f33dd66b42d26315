#include "@file@.hpp"

#include <gtest/gtest.h>

namespace {

TEST(@Class@, counts_the_longest_way) {
  nascent::Graph graph;
  const nascent::Edge input = graph.input("x", {4});
  const nascent::Edge hidden = graph.activation(graph.linear(input, 4), "relu");
  graph.output(graph.add(hidden, input));
  EXPECT_EQ(@Class@::depth(graph), 3);
}

}  // namespace
