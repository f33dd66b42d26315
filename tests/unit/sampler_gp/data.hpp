// Encoded configurations for tests of the processes: those of reference.hpp, and more like them.
#pragma once

#include <cmath>

#include "gp/kernel.hpp"
#include "nascent/rng.hpp"
#include "reference.hpp"

namespace nascent::gp::fixture {

// Two numbers, a number that may be inactive, a categorical.
inline Layout layout(GraphKernel graph = GraphKernel::without) { return {{0, 0, 1}, 1, graph}; }

inline Vector vector_of(const std::vector<double>& values) {
  return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
}
inline Inputs inputs_of(const std::vector<double>& rows, Index columns = 4) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return {Eigen::Map<const RowMajor>(rows.data(), static_cast<Index>(rows.size()) / columns, columns), {}};
}

// Random rows of layout(); with graphs, each has one to three of four patterns.
inline Inputs random_inputs(Index n, std::uint64_t seed, GraphKernel graph = GraphKernel::without) {
  Rng rng(seed);
  Inputs inputs{Matrix(n, 4), {}};
  for (Index i = 0; i < n; ++i) {
    for (Index c = 0; c < 3; ++c) inputs.x(i, c) = rng.uniform();
    if (rng.uniform() < 0.3) inputs.x(i, 2) = std::nan("");
    inputs.x(i, 3) = static_cast<double>(rng.below(4)) - 1;
    if (graph == GraphKernel::without) continue;
    Subtrees subtrees;
    for (std::uint64_t label = 1; label <= 4; ++label) {
      const auto count = static_cast<double>(rng.below(3));
      if (count == 0 && label > 1) continue;
      subtrees.counts.emplace_back(label, count + 1);
      subtrees.norm += (count + 1) * (count + 1);
    }
    inputs.graphs.push_back(std::make_shared<const Subtrees>(subtrees));
  }
  return inputs;
}

}  // namespace nascent::gp::fixture
