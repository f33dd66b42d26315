#include "gp/encoder.hpp"

#include <limits>

namespace nascent::gp {

Encoder::Encoder(SpaceView space, Architectures architectures, const Settings& settings)
    : scale_(space), architectures_(architectures), depth_(settings.depth) {
  if (architectures.exist()) layout_.graph = settings.graph;
  for (const bool categorical : {false, true}) {
    for (std::size_t i = 0; i < space.size(); ++i) {
      if (!scale_.is_free(i) || space[i].is_categorical() != categorical) continue;
      parameters_.push_back(i);
      if (categorical) {
        ++layout_.categoricals;
      } else {
        layout_.conditional.push_back(space.param(i).cond_count > 0 ? 1 : 0);
      }
    }
  }
}

Inputs Encoder::operator()(std::span<const Point> points) const {
  Inputs inputs{Matrix(static_cast<Index>(points.size()), static_cast<Index>(layout_.size())), {}};
  for (std::size_t row = 0; row < points.size(); ++row) {
    const Point& point = points[row];
    for (std::size_t c = 0; c < parameters_.size(); ++c) {
      const std::size_t i = parameters_[c];
      const bool number = c < layout_.numbers();
      double& to = inputs.x(static_cast<Index>(row), static_cast<Index>(c));
      if (point.active[i] == 0) {
        to = number ? std::numeric_limits<double>::quiet_NaN() : -1;
      } else {
        to = number ? scale_.quantiles(i, point.x[i]).middle() : point.x[i];
      }
    }
    if (layout_.graph == GraphKernel::with) inputs.graphs.push_back(graph_of(point.row()));
  }
  return inputs;
}

std::shared_ptr<const Subtrees> Encoder::graph_of(ConstRow row) const {
  try {
    if (const auto graph = architectures_.build(row)) {
      return std::make_shared<const Subtrees>(subtrees_of(*graph, depth_));
    }
  } catch (const Error&) {  // a space that fails: the trial will say so
  }
  return std::make_shared<const Subtrees>();
}

Inputs chosen(const Inputs& all, std::span<const std::size_t> rows) {
  Inputs some{Matrix(static_cast<Index>(rows.size()), all.x.cols()), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    some.x.row(static_cast<Index>(i)) = all.x.row(static_cast<Index>(rows[i]));
    if (!all.graphs.empty()) some.graphs.push_back(all.graphs[rows[i]]);
  }
  return some;
}

Inputs stacked(std::span<const Inputs* const> parts) {
  Index n = 0;
  for (const Inputs* part : parts) n += part->size();
  Inputs all{Matrix(n, parts.empty() ? 0 : parts.front()->x.cols()), {}};
  Index at = 0;
  for (const Inputs* part : parts) {
    all.x.middleRows(at, part->size()) = part->x;
    all.graphs.insert(all.graphs.end(), part->graphs.begin(), part->graphs.end());
    at += part->size();
  }
  return all;
}

}  // namespace nascent::gp
