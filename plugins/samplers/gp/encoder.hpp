// Configurations as the Gaussian process sees them.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <span>
#include <vector>

#include "gp/settings.hpp"
#include "gp/subtrees.hpp"
#include "nascent/architectures.hpp"
#include "shared/prior_scale.hpp"

namespace nascent::gp {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using Index = Eigen::Index;

// What the columns of encoded configurations are: first numbers, then categoricals. Parameters of one possible value
// have none.
struct Layout {
  std::vector<std::uint8_t> conditional;  // [numbers]: may this number be inactive?
  std::size_t categoricals = 0;
  GraphKernel graph = GraphKernel::without;
  [[nodiscard]] std::size_t numbers() const { return conditional.size(); }
  [[nodiscard]] std::size_t size() const { return numbers() + categoricals; }
};

// n encoded configurations, one a row. A number or ordinal is the middle of its prior's mass, in [0, 1], or NaN where
// inactive; a categorical its index, or -1 where inactive. With graphs, `graphs` is [n].
struct Inputs {
  Matrix x;
  std::vector<std::shared_ptr<const Subtrees>> graphs;
  [[nodiscard]] Index size() const { return x.rows(); }
};

class Encoder {
 public:
  // The space outlives this. The graph kernel is left out where the space has no architectures.
  Encoder(SpaceView space, Architectures architectures, const Settings& settings);

  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] SpaceView space() const { return scale_.space(); }
  // With graphs every configuration is built once.
  [[nodiscard]] Inputs operator()(std::span<const Point> points) const;

 private:
  [[nodiscard]] std::shared_ptr<const Subtrees> graph_of(ConstRow row) const;

  samplers::PriorScale scale_;
  Architectures architectures_;
  Layout layout_;
  std::size_t depth_;
  std::vector<std::size_t> parameters_;  // [layout_.size()] parameter of each column
};

// The given rows of `all`, in that order; and one below the other.
Inputs chosen(const Inputs& all, std::span<const std::size_t> rows);
Inputs stacked(std::span<const Inputs* const> parts);

}  // namespace nascent::gp
