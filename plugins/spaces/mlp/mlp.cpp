#include "mlp.hpp"

namespace nascent::mlp {
namespace {

using spaces::Pick;
using spaces::Span;

const std::vector<std::string> kActivations{"relu", "leaky_relu", "elu",  "selu", "gelu",
                                            "silu", "hard_swish", "tanh", "mish"};
const std::vector<std::string> kNormalizations{"none", "batch", "layer"};
const std::vector<std::string> kBlocks{"plain", "residual", "gated"};

}  // namespace

Mlp::Mlp(const Options& given, const SpaceSetup& setup) : input_shape_(setup.input_shape), n_outputs_(setup.n_outputs) {
  if (!setup.has_data)
    throw Error(NAS_E_INVALID, "space 'mlp' needs a dataset, which says how wide a row is; add [dataset]");
  const auto depth = spaces::ends_of(given, "depth", given.integers("depth"));
  const auto dropout = spaces::ends_of(given, "dropout", given.reals("dropout"));
  const auto widths = spaces::ascending_of(given, "widths");

  SpaceBuilder s;
  activation_ = Pick<std::string>::choice(
      s, "activation", spaces::words_of(given, "activations", kActivations));
  normalization_ = Pick<std::string>::choice(
      s, "normalization", spaces::words_of(given, "normalizations", kNormalizations));
  block_ = Pick<std::string>::choice(s, "block", spaces::words_of(given, "blocks", kBlocks));
  dropout_ = Span::real(s, "dropout", dropout.lo, dropout.hi);
  const auto declare_layer = [&](SpaceBuilder& inner) { return Pick<std::int64_t>::ordinal(inner, "width", widths); };
  if (depth.lo == depth.hi) {
    depth_ = Span::integer(s, "layer.count", depth.lo, depth.hi);
    for (std::int64_t i = 0; i < depth.hi; ++i) widths_.push_back(s.nested("layer" + std::to_string(i), declare_layer));
  } else {
    const auto repeat =
        s.repeat("layer", depth.lo, depth.hi, [&](SpaceBuilder& inner, std::size_t) { return declare_layer(inner); });
    depth_ = Span::variable(repeat.count);
    widths_ = repeat.parts;
  }
  declaration_ = s.declaration();
}

Edge Mlp::normalised(Graph& g, Edge x, const Values& values) const {
  const std::string& normalization = normalization_.of(values);
  if (normalization == "batch") return g.batch_norm(x);
  return normalization == "layer" ? Edge(g.layer_norm(x)) : x;
}

Edge Mlp::dropped(Graph& g, Edge x, const Values& values) const {
  const double ratio = dropout_.of(values);
  return ratio > 0 ? Edge(g.dropout(x, ratio)) : x;
}

Edge Mlp::plain_layer(Graph& g, Edge x, std::int64_t width, const Values& values) const {
  const Edge y = g.linear(x, width, normalization_.of(values) == "none" ? Bias::with : Bias::without);
  return dropped(g, g.activation(normalised(g, y, values), activation_.of(values)), values);
}

Edge Mlp::block(Graph& g, Edge x, std::int64_t width, const Values& values) const {
  const Edge in = normalised(g, x, values);
  Edge y = g.activation(g.linear(in, width), activation_.of(values));
  if (block_.of(values) == "gated") {
    const Edge gate = g.linear(in, width);
    y = g.multiply(y, gate);
  }
  return g.linear(dropped(g, y, values), width);
}

std::optional<Graph> Mlp::build(const Values& values) const {
  Graph g;
  Edge x = g.input("features", input_shape_);
  if (input_shape_.size() != 1) x = g.flatten(x);
  const auto depth = static_cast<std::size_t>(depth_.of(values));
  const bool plain = block_.of(values) == "plain";
  for (std::size_t i = 0; i < depth; ++i) {
    const std::int64_t width = widths_[i].of(values);
    if (plain) {
      x = plain_layer(g, x, width, values);
      continue;
    }
    if (i == 0 || g.shape(x)[0] != width) x = g.linear(x, width);
    x = g.add(x, block(g, x, width, values));
  }
  if (!plain && depth > 0) x = g.activation(normalised(g, x, values), activation_.of(values));
  g.output(g.linear(x, n_outputs_));
  return g;
}

}  // namespace nascent::mlp
