#include "cell.hpp"

#include <algorithm>

#include "operations.hpp"

namespace nascent::cell {
namespace {

Shape map_shape(const SpaceSetup& setup) {
  if (!setup.has_data)
    throw Error(NAS_E_INVALID, "space 'cell' needs a dataset, which says how large the images are; add [dataset]");
  if (setup.input_shape.size() != 3) {
    throw Error(NAS_E_INVALID, "space 'cell' needs images [channels, height, width]; a row of this dataset is " +
                                   to_text(setup.input_shape) + "; space 'mlp' takes rows of any shape");
  }
  return setup.input_shape;
}

std::vector<std::string> operations_of(const Options& given, bool dense) {
  if (given.texts("operations").empty()) return dense ? dense_operations() : pair_operations();
  const auto chosen = spaces::words_of(given, "operations", operations());
  if (!dense && std::ranges::find(chosen, "none") != chosen.end()) {
    throw InvalidOption(given.pointer("operations"), "operations has 'none'; with wiring = \"pairs\" an edge that does nothing is one "
                                                     "that is not chosen: leave it out, or take wiring = \"dense\"");
  }
  return chosen;
}

// Between two stages of NAS-Bench-201: a residual block that halves the map and doubles the width (its section 2.1). The shortcut
// averages; over 3x3 where an extent is odd, so that both ways end with the same map.
Edge residual_reduction(Graph& g, Edge x, std::int64_t width, std::int64_t stride) {
  const Edge deep = relu_conv_norm(g, relu_conv_norm(g, x, width, 3, stride), width, 3);
  Edge shortcut = x;
  if (stride == 2) {
    const Shape map = g.shape(x);
    const bool even = map[1] % 2 == 0 && map[2] % 2 == 0;
    shortcut = even ? g.average_pool(x, 2) : g.average_pool(x, 3, {.stride = 2, .padding = 1});
  }
  return g.add(deep, g.conv(shortcut, width, 1, {.bias = Bias::without}));
}

}  // namespace

Cell::Cell(const Options& given, const SpaceSetup& setup)
    : input_shape_(map_shape(setup)),
      n_outputs_(setup.n_outputs),
      stages_(given.integer("stages")),
      map_min_(given.integer("map_min")),
      nodes_(given.integer("nodes")) {
  const bool dense = given.text("wiring") == "dense";
  if (dense && nodes_ < 2)
    throw InvalidOption(given.pointer("nodes"), "nodes is 1; a dense cell needs at least 2, its input and its output");
  const auto operations = operations_of(given, dense);
  const auto cells = spaces::ends_of(given, "cells", given.integers("cells"));
  const auto dropout = spaces::ends_of(given, "dropout", given.reals("dropout"));
  SpaceBuilder s;
  if (dense) {
    dense_.emplace(s, nodes_, operations);
  } else {
    normal_ = s.nested("normal", [&](SpaceBuilder& inner) { return PairCell(inner, nodes_, operations); });
    if (stages_ > 1) reduction_ = s.nested("reduction", [&](SpaceBuilder& inner) { return PairCell(inner, nodes_, operations); });
  }
  cells_ = spaces::Span::integer(s, "cells", cells.lo, cells.hi);
  width_ = spaces::Pick<std::int64_t>::ordinal(s, "width", spaces::ascending_of(given, "widths"));
  dropout_ = spaces::Span::real(s, "dropout", dropout.lo, dropout.hi);
  declaration_ = s.declaration();
}

std::optional<Graph> Cell::build(const Values& values) const {
  Graph g;
  const Edge image = g.input("image", input_shape_);
  Edge x = dense_ ? build_dense(g, image, values) : build_pairs(g, image, values);
  x = g.flatten(g.global_average_pool(x));
  if (dropout_.of(values) > 0) x = g.dropout(x, dropout_.of(values));
  g.output(g.linear(x, n_outputs_));
  return g;
}

std::int64_t Cell::stride_of(const Shape& map) const { return (std::min(map[1], map[2]) + 1) / 2 >= map_min_ ? 2 : 1; }

Edge Cell::build_dense(Graph& g, Edge image, const Values& values) const {
  std::int64_t width = width_.of(values);
  Edge x = g.batch_norm(g.conv(image, width, 3, {.bias = Bias::without}));
  for (std::int64_t stage = 0; stage < stages_; ++stage) {
    if (stage > 0) x = residual_reduction(g, x, width *= 2, stride_of(g.shape(x)));
    for (std::int64_t c = 0; c < static_cast<std::int64_t>(cells_.of(values)); ++c) x = dense_->build(g, x, values);
  }
  return g.activation(g.batch_norm(x), "relu");
}

// Liu et al., "DARTS" (ICLR 2019), section 2.1 and appendix A: both inputs of a cell are brought to its width, and to its map
// where the cell before halved that.
Edge Cell::build_pairs(Graph& g, Edge image, const Values& values) const {
  constexpr std::int64_t kStemFactor = 3;
  std::int64_t width = width_.of(values);
  Edge before_last = g.batch_norm(g.conv(image, kStemFactor * width, 3, {.bias = Bias::without}));
  Edge last = before_last;
  const auto append = [&](const PairCell& cell, std::int64_t stride) {
    const bool halved = g.shape(before_last)[1] != g.shape(last)[1] || g.shape(before_last)[2] != g.shape(last)[2];
    const Edge first = halved ? factorized_reduce(g, before_last, width) : relu_conv_norm(g, before_last, width, 1);
    const Edge second = relu_conv_norm(g, last, width, 1);
    const Edge out = cell.build(g, first, second, stride, values);
    before_last = last;
    last = out;
  };
  for (std::int64_t stage = 0; stage < stages_; ++stage) {
    if (stage > 0) {
      width *= 2;
      append(*reduction_, stride_of(g.shape(last)));
    }
    for (std::int64_t c = 0; c < static_cast<std::int64_t>(cells_.of(values)); ++c) append(*normal_, 1);
  }
  return last;
}

}  // namespace nascent::cell
