#include "mlp.hpp"

namespace nascent::mlp {
namespace {

using spaces::Pick;
using spaces::Span;

const std::vector<std::string> kActivations{"relu", "leaky_relu", "elu",  "selu", "gelu",
                                            "silu", "hard_swish", "tanh", "mish"};
const std::vector<std::string> kNormalizations{"none", "batch", "layer"};

std::vector<std::string> residual_values(const Options& given) {
  const std::string residuals = given.text("residuals");
  return residuals == "search" ? std::vector<std::string>{"never", "always"} : std::vector<std::string>{residuals};
}

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
  residual_ = Pick<std::string>::choice(s, "residual", residual_values(given));
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

Edge Mlp::hidden_layer(Graph& g, Edge x, std::int64_t width, const Values& values) const {
  const std::string& normalization = normalization_.of(values);
  Edge y = g.linear(x, width, normalization == "none" ? Bias::with : Bias::without);
  if (normalization == "batch") y = g.batch_norm(y);
  if (normalization == "layer") y = g.layer_norm(y);
  y = g.activation(y, activation_.of(values));
  if (dropout_.of(values) > 0) y = g.dropout(y, dropout_.of(values));
  if (residual_.of(values) != "always") return y;
  // The shortcut is a projection where the width changes (He et al., CVPR 2016, equation 2).
  return g.add(y, g.shape(x)[0] == width ? x : Edge(g.linear(x, width, Bias::without)));
}

std::optional<Graph> Mlp::build(const Values& values) const {
  Graph g;
  Edge x = g.input("features", input_shape_);
  if (input_shape_.size() != 1) x = g.flatten(x);
  const auto depth = static_cast<std::size_t>(depth_.of(values));
  for (std::size_t i = 0; i < depth; ++i) x = hidden_layer(g, x, widths_[i].of(values), values);
  g.output(g.linear(x, n_outputs_));
  return g;
}

}  // namespace nascent::mlp
