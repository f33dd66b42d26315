#include "cnn.hpp"

#include <algorithm>
#include <cmath>

namespace nascent::cnn {
namespace {

using spaces::ascending_of;
using spaces::ends_of;
using spaces::Pick;
using spaces::Span;
using spaces::words_of;

const std::vector<std::string> kBlocks{"plain", "residual", "depthwise_separable", "squeeze_excite"};
const std::vector<std::string> kActivations{"relu", "leaky_relu", "gelu", "silu", "hard_swish"};
const std::vector<std::string> kPoolings{"max", "avg", "stride"};
const std::vector<std::string> kNormalizations{"batch", "group", "none"};

Shape image_shape(const SpaceSetup& setup) {
  if (!setup.has_data)
    throw Error(NAS_E_INVALID, "space 'cnn' needs a dataset, which says how large the images are; add [dataset]");
  if (setup.input_shape.size() != 3) {
    throw Error(NAS_E_INVALID, "space 'cnn' needs images [channels, height, width]; a row of this dataset is " +
                                   to_text(setup.input_shape) + "; space 'mlp' takes rows of any shape");
  }
  return setup.input_shape;
}

}  // namespace

Cnn::Cnn(const Options& given, const SpaceSetup& setup)
    : input_shape_(image_shape(setup)), n_outputs_(setup.n_outputs), map_min_(given.integer("map_min")) {
  const auto stages = ends_of(given, "stages", given.integers("stages"));
  const auto depth = ends_of(given, "depth", given.integers("depth"));
  const auto dropout = ends_of(given, "dropout", given.reals("dropout"));
  const auto widths = ascending_of(given, "widths"), kernels = ascending_of(given, "kernels"),
             expansions = ascending_of(given, "expansions");
  for (const std::int64_t k : kernels) {
    if (k % 2 == 0)
      throw InvalidOption(given.pointer("kernels"), "kernels has " + std::to_string(k) +
                                                        "; kernel extents are odd, so that the map keeps its size");
  }
  const auto blocks = words_of(given, "blocks", kBlocks);

  SpaceBuilder s;
  activation_ = Pick<std::string>::choice(s, "activation", words_of(given, "activations", kActivations));
  normalization_ =
      Pick<std::string>::choice(s, "normalization", words_of(given, "normalizations", kNormalizations));
  pooling_ = Pick<std::string>::choice(s, "pooling", words_of(given, "poolings", kPoolings));
  stem_stride_ = Pick<std::int64_t>::ordinal(s, "stem_stride", ascending_of(given, "stem_strides"));
  growth_ = Pick<std::int64_t>::ordinal(s, "growth", ascending_of(given, "growths"));
  dropout_ = Span::real(s, "dropout", dropout.lo, dropout.hi);

  const auto declare_stage = [&](SpaceBuilder& inner) {
    Stage stage;
    stage.depth = Span::integer(inner, "depth", depth.lo, depth.hi);
    stage.width = Pick<std::int64_t>::ordinal(inner, "width", widths);
    stage.kernel = Pick<std::int64_t>::ordinal(inner, "kernel", kernels);
    stage.block = Pick<std::string>::choice(inner, "block", blocks);
    const auto declare_expansion = [&](SpaceBuilder& b) {
      stage.expansion = Pick<std::int64_t>::ordinal(b, "expansion", expansions);
    };
    if (stage.block.is_variable() && stage.block.can_be("squeeze_excite")) {
      inner.when(stage.block.is("squeeze_excite"), declare_expansion);
    } else if (stage.block.can_be("squeeze_excite")) {
      declare_expansion(inner);
    }
    return stage;
  };
  if (stages.lo == stages.hi) {
    stage_count_ = Span::integer(s, "stage.count", stages.lo, stages.hi);
    for (std::int64_t i = 0; i < stages.hi; ++i)
      stages_.push_back(s.nested("stage" + std::to_string(i), declare_stage));
  } else {
    const auto repeat =
        s.repeat("stage", stages.lo, stages.hi, [&](SpaceBuilder& inner, std::size_t) { return declare_stage(inner); });
    stage_count_ = Span::variable(repeat.count);
    stages_ = repeat.parts;
  }
  declaration_ = s.declaration();
}

std::optional<Graph> Cnn::build(const Values& values) const {
  const Style style{activation_.of(values), normalization_.of(values)};
  Graph g;
  const Edge image = g.input("image", input_shape_);
  const std::int64_t smaller = std::min(input_shape_[1], input_shape_[2]);
  const std::int64_t stem_stride = std::clamp<std::int64_t>(smaller / map_min_, 1, stem_stride_.of(values));
  Edge x = plain_block(g, image, {stages_[0].width.of(values), 3, stem_stride, 1}, style);
  const auto n_stages = static_cast<std::size_t>(stage_count_.of(values));
  for (std::size_t i = 0; i < n_stages; ++i) x = build_stage(g, x, stages_[i], i, style, values);
  x = g.flatten(g.global_average_pool(x));
  if (dropout_.of(values) > 0) x = g.dropout(x, dropout_.of(values));
  g.output(g.linear(x, n_outputs_));
  return g;
}

Edge Cnn::build_stage(Graph& g, Edge x, const Stage& stage, std::size_t index, const Style& style,
                      const Values& values) const {
  BlockShape b;
  b.width = stage.width.of(values);
  for (std::size_t i = 0; i < index; ++i) b.width *= growth_.of(values);
  b.kernel = stage.kernel.of(values);
  const std::string& kind = stage.block.of(values);
  if (kind == "squeeze_excite") b.expansion = stage.expansion.of(values);
  const std::int64_t smaller = std::min(g.shape(x)[1], g.shape(x)[2]);
  if (index > 0 && smaller / 2 >= map_min_) {
    const std::string& pooling = pooling_.of(values);
    if (pooling == "max") x = g.max_pool(x, 2);
    if (pooling == "avg") x = g.average_pool(x, 2);
    if (pooling == "stride") b.stride = 2;
  }
  const auto depth = static_cast<std::int64_t>(stage.depth.of(values));
  for (std::int64_t i = 0; i < depth; ++i) {
    x = block(kind, g, x, b, style);
    b.stride = 1;
  }
  return x;
}

}  // namespace nascent::cnn
