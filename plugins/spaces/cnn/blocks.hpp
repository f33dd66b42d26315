// The convolution blocks the space chooses from.
#pragma once

#include <string>

#include "nascent/graph.hpp"

namespace nascent::cnn {

// What all blocks of one network have in common.
struct Style {
  std::string activation;
  std::string normalization;  // batch, group or none
};

struct BlockShape {
  std::int64_t width = 0;  // channels out
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t expansion = 1;  // squeeze_excite only: inner width = expansion * channels in
};

// Convolution, normalisation; no bias where the normalisation has one.
Edge normalised_conv(Graph& g, Edge x, std::int64_t width, std::int64_t kernel, std::int64_t stride,
                     const Style& style);

// conv - norm - act. Simonyan, Zisserman, "VGG" (ICLR 2015), with normalisation.
Edge plain_block(Graph& g, Edge x, const BlockShape& b, const Style& style);
// act(conv - norm - act - conv - norm + shortcut). He et al., "Deep Residual Learning" (CVPR 2016), basic block; the
// shortcut is a 1x1 convolution where the shape changes.
Edge residual_block(Graph& g, Edge x, const BlockShape& b, const Style& style);
// depthwise conv - norm - act - 1x1 conv - norm - act. Howard et al., "MobileNets" (arXiv:1704.04861), figure 3.
Edge depthwise_separable_block(Graph& g, Edge x, const BlockShape& b, const Style& style);
// Inverted bottleneck with squeeze-and-excitation (MBConv): Tan, Le, "EfficientNet" (ICML 2019); Hu et al.,
// "Squeeze-and-Excitation Networks" (CVPR 2018). Shortcut where the shape stays.
Edge squeeze_excite_block(Graph& g, Edge x, const BlockShape& b, const Style& style);

// By name: plain, residual, depthwise_separable, squeeze_excite.
Edge block(const std::string& kind, Graph& g, Edge x, const BlockShape& b, const Style& style);

}  // namespace nascent::cnn
