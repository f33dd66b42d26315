// Published architectures whose sizes are known, written with the builder.
#pragma once

#include "nascent/graph.hpp"

namespace nascent::models {

// LeCun et al. 1998, as commonly re-implemented: full connections in C3, 10 units at the end.
inline Graph lenet5() {
  Graph g;
  Edge x = g.input("image", {1, 28, 28});
  x = g.max_pool(g.activation(g.conv(x, 6, 5), "tanh"), 2);
  x = g.max_pool(g.activation(g.conv(x, 16, 5, {.padding = 0}), "tanh"), 2);
  x = g.activation(g.linear(g.flatten(x), 120), "tanh");
  x = g.activation(g.linear(x, 84), "tanh");
  g.output(g.linear(x, 10));
  return g;
}

inline Edge conv_bn(Graph& g, Edge x, std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1,
                    std::int64_t groups = 1) {
  return g.batch_norm(g.conv(x, channels, kernel,
                             {.stride = stride, .groups = groups, .padding = (kernel - 1) / 2, .bias = Bias::without}));
}

// He et al. 2015, table 1, 18 layers, projection shortcuts where the shape changes.
inline Graph resnet18() {
  Graph g;
  Edge x = g.activation(conv_bn(g, g.input("image", {3, 224, 224}), 64, 7, 2), "relu");
  x = g.max_pool(x, 3, {.stride = 2, .padding = 1});
  for (const std::int64_t channels : {64, 128, 256, 512}) {
    for (const int block : {0, 1}) {
      const std::int64_t stride = block == 0 && channels != 64 ? 2 : 1;
      Edge inner = g.activation(conv_bn(g, x, channels, 3, stride), "relu");
      inner = conv_bn(g, inner, channels, 3);
      const Edge shortcut = stride == 1 ? x : conv_bn(g, x, channels, 1, stride);
      x = g.activation(g.add(inner, shortcut), "relu");
    }
  }
  g.output(g.linear(g.flatten(g.global_average_pool(x)), 1000));
  return g;
}

// Sandler et al. 2018, table 2 (Clip at 6 is written as Relu: same cost).
inline Graph mobilenet_v2() {
  struct Stage {
    std::int64_t expansion, channels, blocks, stride;
  };
  Graph g;
  Edge x = g.activation(conv_bn(g, g.input("image", {3, 224, 224}), 32, 3, 2), "relu");
  std::int64_t in = 32;
  for (const Stage& s : {Stage{1, 16, 1, 1},
                         {6, 24, 2, 2},
                         {6, 32, 3, 2},
                         {6, 64, 4, 2},
                         {6, 96, 3, 1},
                         {6, 160, 3, 2},
                         {6, 320, 1, 1}}) {
    for (std::int64_t block = 0; block < s.blocks; ++block) {
      const std::int64_t stride = block == 0 ? s.stride : 1, wide = in * s.expansion;
      Edge inner = s.expansion == 1 ? x : Edge(g.activation(conv_bn(g, x, wide, 1), "relu"));
      inner = g.activation(conv_bn(g, inner, wide, 3, stride, wide), "relu");
      inner = conv_bn(g, inner, s.channels, 1);
      x = stride == 1 && in == s.channels ? Edge(g.add(x, inner)) : inner;
      in = s.channels;
    }
  }
  x = g.activation(conv_bn(g, x, 1280, 1), "relu");
  g.output(g.linear(g.dropout(g.flatten(g.global_average_pool(x)), 0.2), 1000));
  return g;
}

}  // namespace nascent::models
