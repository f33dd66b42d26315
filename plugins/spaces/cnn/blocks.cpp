#include "blocks.hpp"

#include <algorithm>
#include <numeric>

namespace nascent::cnn {
namespace {

Bias bias_of(const Style& style) { return style.normalization == "none" ? Bias::with : Bias::without; }

Edge normalised(Graph& g, Edge x, const Style& style) {
  if (style.normalization == "batch") return g.batch_norm(x);
  if (style.normalization == "group") return g.group_norm(x, std::gcd(g.shape(x)[0], std::int64_t{8}));
  return x;
}

Edge activated(Graph& g, Edge x, const Style& style) { return g.activation(x, style.activation); }

Edge depthwise(Graph& g, Edge x, const BlockShape& b, const Style& style) {
  const Edge filtered = g.depthwise_conv(x, b.kernel, {.stride = b.stride, .bias = bias_of(style)});
  return activated(g, normalised(g, filtered, style), style);
}

// Channel weights in (0, 1) from the channels' averages: reduced to a quarter, at least 4.
Edge excite(Graph& g, Edge x) {
  const std::int64_t channels = g.shape(x)[0];
  Edge w = g.conv(g.global_average_pool(x), std::max<std::int64_t>(channels / 4, 4), 1);
  w = g.conv(g.activation(w, "relu"), channels, 1);
  return g.multiply(x, g.activation(w, "sigmoid"));
}

}  // namespace

Edge normalised_conv(Graph& g, Edge x, std::int64_t width, std::int64_t kernel, std::int64_t stride,
                     const Style& style) {
  return normalised(g, g.conv(x, width, kernel, {.stride = stride, .bias = bias_of(style)}), style);
}

Edge plain_block(Graph& g, Edge x, const BlockShape& b, const Style& style) {
  return activated(g, normalised_conv(g, x, b.width, b.kernel, b.stride, style), style);
}

Edge residual_block(Graph& g, Edge x, const BlockShape& b, const Style& style) {
  Edge y = activated(g, normalised_conv(g, x, b.width, b.kernel, b.stride, style), style);
  y = normalised_conv(g, y, b.width, b.kernel, 1, style);
  const bool same_shape = b.stride == 1 && g.shape(x)[0] == b.width;
  const Edge shortcut = same_shape ? x : normalised_conv(g, x, b.width, 1, b.stride, style);
  return activated(g, g.add(y, shortcut), style);
}

Edge depthwise_separable_block(Graph& g, Edge x, const BlockShape& b, const Style& style) {
  const Edge y = depthwise(g, x, b, style);
  return activated(g, normalised_conv(g, y, b.width, 1, 1, style), style);
}

Edge squeeze_excite_block(Graph& g, Edge x, const BlockShape& b, const Style& style) {
  const std::int64_t channels = g.shape(x)[0];
  Edge y = x;
  if (b.expansion > 1) y = activated(g, normalised_conv(g, x, channels * b.expansion, 1, 1, style), style);
  y = excite(g, depthwise(g, y, b, style));
  y = normalised_conv(g, y, b.width, 1, 1, style);
  return b.stride == 1 && channels == b.width ? Edge(g.add(x, y)) : y;
}

Edge block(const std::string& kind, Graph& g, Edge x, const BlockShape& b, const Style& style) {
  if (kind == "residual") return residual_block(g, x, b, style);
  if (kind == "depthwise_separable") return depthwise_separable_block(g, x, b, style);
  if (kind == "squeeze_excite") return squeeze_excite_block(g, x, b, style);
  return plain_block(g, x, b, style);
}

}  // namespace nascent::cnn
