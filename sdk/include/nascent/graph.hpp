// Architectures: build a graph of ONNX-named operators, check it, count it, hash it, show it, hand it across the ABI.
//
//   nascent::Graph graph;
//   nascent::Edge x = graph.input("image", {1, 28, 28});
//   x = graph.activation(graph.conv(x, 16, 3), "relu");
//   graph.output(graph.linear(graph.flatten(graph.global_average_pool(x)), 10));
//   std::cout << nascent::to_text(graph);
#pragma once

#include "nascent/graph/abi_graph.hpp"
#include "nascent/graph/builder.hpp"
#include "nascent/graph/hash.hpp"
#include "nascent/graph/infer.hpp"
#include "nascent/graph/render.hpp"
