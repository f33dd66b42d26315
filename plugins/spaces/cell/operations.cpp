#include "operations.hpp"

#include <limits>

namespace nascent::cell {
namespace {

// ReLU, depthwise, 1x1, batch normalisation.
Edge depthwise_separable(Graph& g, Edge x, std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
  const std::int64_t width = g.shape(x)[0];
  const Edge filtered =
      g.depthwise_conv(g.activation(x, "relu"), kernel, {.stride = stride, .dilation = dilation, .bias = Bias::without});
  return g.batch_norm(g.conv(filtered, width, 1, {.bias = Bias::without}));
}

Edge separable_twice(Graph& g, Edge x, std::int64_t kernel, std::int64_t stride) {
  return depthwise_separable(g, depthwise_separable(g, x, kernel, stride, 1), kernel, 1, 1);
}

}  // namespace

Edge relu_conv_norm(Graph& g, Edge x, std::int64_t width, std::int64_t kernel, std::int64_t stride) {
  return g.batch_norm(g.conv(g.activation(x, "relu"), width, kernel, {.stride = stride, .bias = Bias::without}));
}

Edge factorized_reduce(Graph& g, Edge x, std::int64_t width) {
  const Shape in = g.shape(x);
  if (in[1] % 2 != 0 || in[2] % 2 != 0 || width < 2) return relu_conv_norm(g, x, width, 1, 2);
  const Edge active = g.activation(x, "relu");
  const std::vector<std::int64_t> spatial{2, 3}, from{1, 1}, to(2, std::numeric_limits<std::int32_t>::max());
  const Edge moved = g.add("Slice", {active}, {{"axes", spatial}, {"starts", from}, {"ends", to}});
  const Edge even = g.conv(active, width / 2, 1, {.stride = 2, .bias = Bias::without});
  const Edge odd = g.conv(moved, width - width / 2, 1, {.stride = 2, .bias = Bias::without});
  return g.batch_norm(g.concat({even, odd}));
}

const std::vector<std::string>& dense_operations() {
  static const std::vector<std::string> names{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  return names;
}

const std::vector<std::string>& pair_operations() {
  static const std::vector<std::string> names{"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3",
                                              "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"};
  return names;
}

const std::vector<std::string>& operations() {
  static const std::vector<std::string> names{"none",         "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3",
                                              "max_pool_3x3", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"};
  return names;
}

Edge operate(const std::string& operation, Graph& g, Edge x, std::int64_t stride) {
  const std::int64_t width = g.shape(x)[0];
  if (operation == "skip_connect") return stride == 1 ? x : factorized_reduce(g, x, width);
  if (operation == "nor_conv_1x1") return relu_conv_norm(g, x, width, 1, stride);
  if (operation == "nor_conv_3x3") return relu_conv_norm(g, x, width, 3, stride);
  if (operation == "avg_pool_3x3") return g.average_pool(x, 3, {.stride = stride, .padding = 1});
  if (operation == "max_pool_3x3") return g.max_pool(x, 3, {.stride = stride, .padding = 1});
  if (operation == "sep_conv_3x3") return separable_twice(g, x, 3, stride);
  if (operation == "sep_conv_5x5") return separable_twice(g, x, 5, stride);
  if (operation == "dil_conv_3x3") return depthwise_separable(g, x, 3, stride, 2);
  if (operation == "dil_conv_5x5") return depthwise_separable(g, x, 5, stride, 2);
  throw Error(NAS_E_INTERNAL, "operation '" + operation + "' on an edge");
}

}  // namespace nascent::cell
