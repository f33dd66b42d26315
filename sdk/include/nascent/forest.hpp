// A random forest over configurations: predicts a value and how sure it is. Sources: Breiman, "Random Forests" (Machine
// Learning 45, 2001); Hutter, Xu, Hoos, Leyton-Brown (Artificial Intelligence 206, 2014), section 4.3.2.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nascent/forest/tree.hpp"

NASCENT_SDK_BEGIN
namespace forest {

struct Settings {
  std::size_t n_trees = 30;  // at least 1
  TreeSettings tree{};
};

struct Prediction {
  double mean = 0, variance = 0;
};

class Forest {
 public:
  // Each tree learns from as many rows as there are, drawn with replacement. `targets`: [table.n_rows()], at least one,
  // all finite. The table may go afterwards, its features may not. Equal arguments give equal forests.
  Forest(const Table& table, std::span<const double> targets, const Settings& settings, std::uint64_t seed) {
    const std::size_t n = table.n_rows();
    trees_.reserve(settings.n_trees);
    for (std::size_t t = 0; t < settings.n_trees; ++t) {
      Rng rng(seed, t);
      std::vector<std::uint32_t> rows(n);
      for (std::uint32_t& row : rows) row = static_cast<std::uint32_t>(rng.below(n));
      trees_.emplace_back(table, targets, std::move(rows), settings.tree, rng);
    }
  }

  // `row`: [features.size()] as Features::encode writes it. By the law of total variance over trees: the mean of the
  // leaves' variances plus the variance of their means.
  [[nodiscard]] Prediction predict(std::span<const double> row) const {
    double mean = 0, squares = 0, within = 0;
    for (const Tree& tree : trees_) {
      const Node& leaf = tree.leaf_of(row);
      mean += leaf.mean;
      squares += leaf.mean * leaf.mean;
      within += leaf.variance;
    }
    const double n = static_cast<double>(trees_.size());
    mean /= n;
    return {mean, std::max(0.0, squares / n - mean * mean) + within / n};
  }
  [[nodiscard]] std::span<const Tree> trees() const { return trees_; }

 private:
  std::vector<Tree> trees_;
};

}  // namespace forest
NASCENT_SDK_END
